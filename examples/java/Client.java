import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A login at jeton, and requests with its token: a new one is fetched before the token's end, and
 * when a server refuses it; logout ends the session.
 *
 *     java -cp out Client https://login.example.org alice
 *
 * reads the password, then paths, one a line, and shows what each of them answers.
 */
public final class Client {
    /** jeton gave no token: `error` is its code (RFC 6749 5.2). After invalid_grant log in again. */
    public static final class Refused extends IOException {
        private static final long serialVersionUID = 1;
        public final String error;

        Refused(Object error, Object description) {
            super(String.valueOf(description));
            this.error = String.valueOf(error);
        }
    }

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final HttpClient http = HttpClient.newBuilder().connectTimeout(PATIENCE).build();
    private final String server;
    private String accessToken;
    private String refreshToken;
    private Instant renewal;

    private Client(String server) {
        this.server = server;
    }

    public static Client login(String server, String username, String password)
            throws IOException, InterruptedException {
        Client client = new Client(server);
        client.grant(Map.of("grant_type", "password", "username", username, "password", password));
        return client;
    }

    /** The access token, good for a while yet. */
    public synchronized String token() throws IOException, InterruptedException {
        if (Instant.now().isAfter(renewal))
            refresh();
        return accessToken;
    }

    /** Trades the refresh token, which works once, for an access token and its own successor. */
    public synchronized void refresh() throws IOException, InterruptedException {
        if (refreshToken == null)
            throw new Refused("invalid_grant", "there is no refresh token: log in again");
        grant(Map.of("grant_type", "refresh_token", "refresh_token", refreshToken));
    }

    public HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return call("GET", path);
    }

    /** Ends the session: its refresh token and every access token that it was given. */
    public void logout() throws IOException, InterruptedException {
        if (json(get("/sessions")) instanceof List<?> sessions)
            for (Object one : sessions)
                if (one instanceof Map<?, ?> session && session.get("current") == Boolean.TRUE)
                    call("DELETE", "/sessions/" + session.get("sid"));
    }

    /** A token that was good here may have been revoked there: a 401 is worth one more try. */
    private HttpResponse<String> call(String method, String path)
            throws IOException, InterruptedException {
        HttpResponse<String> reply = send(method, path);
        if (reply.statusCode() != 401)
            return reply;
        refresh();
        return send(method, path);
    }

    private HttpResponse<String> send(String method, String path)
            throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(server + path))
                .method(method, BodyPublishers.noBody()).timeout(PATIENCE)
                .header("Authorization", "Bearer " + token()).build();
        return http.send(request, BodyHandlers.ofString());
    }

    private void grant(Map<String, String> form) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(server + "/token")).timeout(PATIENCE)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(BodyPublishers.ofString(encoded(form))).build();
        HttpResponse<String> answer = http.send(request, BodyHandlers.ofString());
        if (!(json(answer) instanceof Map<?, ?> reply))
            throw new IOException("no answer of jeton's: " + answer.statusCode());
        if (answer.statusCode() != 200)
            throw new Refused(reply.get("error"), reply.get("error_description"));
        accessToken = (String) reply.get("access_token");
        refreshToken = (String) reply.get("refresh_token");
        long lifetime = ((Double) reply.get("expires_in")).longValue();
        renewal = Instant.now().plusSeconds(lifetime * 9 / 10);
    }

    private static Object json(HttpResponse<String> reply) throws IOException {
        try {
            return Json.value(reply.body());
        } catch (Json.Malformed malformed) {
            throw new IOException(malformed);
        }
    }

    private static String encoded(Map<String, String> form) {
        return form.entrySet().stream()
                .map(field -> encoded(field.getKey()) + "=" + encoded(field.getValue()))
                .collect(Collectors.joining("&"));
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    /** Where somebody types it, it is not shown. */
    private static String password(Console console, BufferedReader input) throws IOException {
        if (console != null) {
            char[] typed = console.readPassword("Password: ");
            return typed == null ? "" : new String(typed);
        }
        System.err.print("Password: ");
        String line = input.readLine();
        return line == null ? "" : line;
    }

    public static void main(String[] arguments) throws InterruptedException {
        if (arguments.length != 2) {
            System.err.println("Usage: java -cp out Client ISSUER USER");
            System.exit(2);
        }
        Console console = System.console();
        var input = new BufferedReader(console != null ? console.reader()
                : new InputStreamReader(System.in, StandardCharsets.UTF_8));
        try {
            Client client = login(arguments[0], arguments[1], password(console, input));
            for (String path; (path = input.readLine()) != null; ) {
                HttpResponse<String> reply = client.get(path);
                System.out.println(reply.statusCode() + " " + reply.body());
            }
            client.logout();
        } catch (Refused refused) {
            System.err.println(refused.error + ": " + refused.getMessage());
            System.exit(1);
        } catch (IOException failure) {
            System.err.println("no answer: " + failure.getMessage());
            System.exit(2);
        }
    }
}
