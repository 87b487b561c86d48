import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Executors;

/**
 * A service that lets in whoever brings a good token: /readings for those with the scope
 * metrics:read, /operators for those with the role operator.
 *
 *     java -cp out ResourceServer https://login.example.org https://metrics.example 8000
 */
public final class ResourceServer {
    private interface Rule {
        boolean allows(Verifier.Caller caller);
    }

    private final Verifier verifier;

    private ResourceServer(Verifier verifier) {
        this.verifier = verifier;
    }

    public static void main(String[] arguments) throws IOException {
        var guard = new ResourceServer(new Verifier(arguments[0], arguments[1]));
        var address = new InetSocketAddress(
                InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[2]));
        HttpServer server = HttpServer.create(address, 0);
        server.createContext("/readings", exchange -> guard.answer(exchange,
                "the scope metrics:read", caller -> caller.scope().contains("metrics:read")));
        server.createContext("/operators", exchange -> guard.answer(exchange,
                "the role operator", caller -> caller.roles().contains("operator")));
        server.setExecutor(Executors.newCachedThreadPool());
        server.start();
        System.out.println("listening on http://127.0.0.1:" + server.getAddress().getPort());
    }

    /** The refusals are those of RFC 6750 3. */
    private void answer(HttpExchange exchange, String needed, Rule rule) throws IOException {
        String token = bearer(exchange);
        if (token == null) {
            refuse(exchange, 401, "Bearer", "a token is needed");
            return;
        }
        try {
            Verifier.Caller caller = verifier.verify(token);
            if (rule.allows(caller))
                say(exchange, 200, "welcome, " + caller.username());
            else
                refuse(exchange, 403, "Bearer error=\"insufficient_scope\"", "this needs " + needed);
        } catch (Verifier.NotValid why) {
            refuse(exchange, 401, "Bearer error=\"invalid_token\"", why.getMessage());
        } catch (IOException | InterruptedException failure) {
            System.err.println("no token can be verified: " + failure.getMessage());
            say(exchange, 503, "no token can be verified now");
        }
    }

    /** Of two Authorization fields neither counts. */
    private static String bearer(HttpExchange exchange) {
        List<String> fields = exchange.getRequestHeaders().getOrDefault("Authorization", List.of());
        boolean isOne = fields.size() == 1 && fields.get(0).regionMatches(true, 0, "Bearer ", 0, 7);
        return isOne ? fields.get(0).substring(7) : null;
    }

    private static void refuse(HttpExchange exchange, int status, String challenge, String text)
            throws IOException {
        exchange.getResponseHeaders().set("WWW-Authenticate", challenge);
        say(exchange, status, text);
    }

    private static void say(HttpExchange exchange, int status, String text) throws IOException {
        byte[] body = (text + "\n").getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, body.length);
        try (exchange) {
            exchange.getResponseBody().write(body);
        }
    }
}
