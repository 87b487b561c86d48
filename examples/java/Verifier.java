import java.io.IOException;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Verifies access tokens (RFC 9068) of one issuer for one audience with the keys that the issuer
 * publishes, and with nothing but Java's own classes. It knows of no revocation: a token is good here
 * until it ends.
 */
public final class Verifier {
    /** The token must not be believed; the message says why. */
    public static final class NotValid extends Exception {
        private static final long serialVersionUID = 1;

        NotValid(String why) {
            super(why);
        }
    }

    /** Whose token it is and what he may. */
    public record Caller(String subject, String username, Set<String> scope, Set<String> roles) {
    }

    private record Key(Signing signing, PublicKey key) {
    }

    /** The algorithm is that of the key. A token's header never chooses one. */
    private enum Signing {
        ES256("SHA256withECDSAinP1363Format"), RS256("SHA256withRSA");

        final String name;

        Signing(String name) {
            this.name = name;
        }
    }

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Duration FRESH = Duration.ofMinutes(5);
    private static final Duration BETWEEN_FETCHES = Duration.ofSeconds(1);

    private final HttpClient http = HttpClient.newBuilder().connectTimeout(PATIENCE).build();
    private final String issuer;
    private final String audience;
    private Map<String, Key> keys = Map.of();
    private Instant fetched = Instant.MIN;
    private Instant tried = Instant.MIN;
    private boolean isAway;

    public Verifier(String issuer, String audience) {
        this.issuer = issuer;
        this.audience = audience;
    }

    /** IOException: the keys cannot be had, which says nothing of the token. */
    public Caller verify(String token) throws NotValid, IOException, InterruptedException {
        String[] parts = token.split("\\.", -1);
        require(parts.length == 3, "no signed token");
        Map<?, ?> header = object(parts[0]);
        require("at+jwt".equals(header.get("typ")) && !header.containsKey("crit"), "wrong type");
        Key key = key(header.get("kid"));
        require(key != null, "unknown key");
        require(key.signing.name().equals(header.get("alg")), "wrong algorithm");
        require(isSigned(key, parts[0] + "." + parts[1], bytes(parts[2])), "bad signature");
        return caller(object(parts[1]));
    }

    private Caller caller(Map<?, ?> claims) throws NotValid {
        require(issuer.equals(claims.get("iss")), "wrong issuer");
        require(audience.equals(claims.get("aud")) || words(claims.get("aud")).contains(audience),
                "wrong audience");
        require(claims.get("exp") instanceof Double end && end > Instant.now().getEpochSecond(),
                "expired");
        require(claims.get("sub") instanceof String, "no subject");
        String scope = claims.get("scope") instanceof String text ? text : "";
        return new Caller((String) claims.get("sub"), String.valueOf(claims.get("username")),
                words(List.of(scope.split(" "))), words(claims.get("roles")));
    }

    private static Set<String> words(Object claim) {
        Set<String> words = new HashSet<>();
        if (claim instanceof List<?> list)
            for (Object one : list)
                if (one instanceof String word)
                    words.add(word);
        return words;
    }

    private static boolean isSigned(Key key, String text, byte[] signature) {
        try {
            Signature verifier = Signature.getInstance(key.signing.name);
            verifier.initVerify(key.key);
            verifier.update(text.getBytes(StandardCharsets.UTF_8));
            return verifier.verify(signature);
        } catch (GeneralSecurityException malformed) {
            return false;
        }
    }

    // --- keys ---

    /**
     * Unknown ones may be new; but whoever makes names up does not make us ask each time, and where
     * the issuer is away, not each request waits for that.
     */
    private synchronized Key key(Object kid) throws IOException, InterruptedException {
        boolean isWanted = isOver(fetched, FRESH) || !keys.containsKey(kid);
        if (isWanted && isOver(tried, BETWEEN_FETCHES))
            renew();
        if (isWanted && isAway)
            throw new IOException("the keys: the last try failed a moment ago");
        return keys.get(kid);
    }

    private static boolean isOver(Instant since, Duration pause) {
        return !Instant.now().isBefore(since.plus(pause));
    }

    private void renew() throws IOException, InterruptedException {
        isAway = true;
        try {
            keys = fetch();
            fetched = Instant.now();
            isAway = false;
        } finally {
            tried = Instant.now();
        }
    }

    private Map<String, Key> fetch() throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(issuer + "/.well-known/jwks.json"))
                .timeout(PATIENCE).build();
        HttpResponse<String> reply = http.send(request, BodyHandlers.ofString());
        if (reply.statusCode() != 200)
            throw new IOException("the keys: " + reply.statusCode());
        try {
            return read(Json.object(reply.body()));
        } catch (Json.Malformed | NotValid | GeneralSecurityException wrong) {
            throw new IOException("the keys: " + wrong.getMessage());
        }
    }

    private static Map<String, Key> read(Map<?, ?> set) throws NotValid, GeneralSecurityException {
        Map<String, Key> keys = new HashMap<>();
        if (set.get("keys") instanceof List<?> list)
            for (Object one : list)
                if (one instanceof Map<?, ?> jwk && jwk.get("kid") instanceof String kid) {
                    if ("EC".equals(jwk.get("kty")) && "P-256".equals(jwk.get("crv")))
                        keys.put(kid, new Key(Signing.ES256, ofCurve(jwk)));
                    if ("RSA".equals(jwk.get("kty")))
                        keys.put(kid, new Key(Signing.RS256, ofRsa(jwk)));
                }
        require(!keys.isEmpty(), "there are none");
        return keys;
    }

    private static PublicKey ofCurve(Map<?, ?> jwk) throws NotValid, GeneralSecurityException {
        AlgorithmParameters curve = AlgorithmParameters.getInstance("EC");
        curve.init(new ECGenParameterSpec("secp256r1"));
        return KeyFactory.getInstance("EC").generatePublic(new ECPublicKeySpec(
                new ECPoint(number(jwk, "x"), number(jwk, "y")),
                curve.getParameterSpec(ECParameterSpec.class)));
    }

    private static PublicKey ofRsa(Map<?, ?> jwk) throws NotValid, GeneralSecurityException {
        return KeyFactory.getInstance("RSA").generatePublic(
                new RSAPublicKeySpec(number(jwk, "n"), number(jwk, "e")));
    }

    private static BigInteger number(Map<?, ?> jwk, String name) throws NotValid {
        return new BigInteger(1, bytes(String.valueOf(jwk.get(name))));
    }

    // --- what a token is made of ---

    private static Map<?, ?> object(String part) throws NotValid {
        try {
            return Json.object(StandardCharsets.UTF_8.newDecoder()
                    .decode(ByteBuffer.wrap(bytes(part))).toString());
        } catch (Json.Malformed | CharacterCodingException malformed) {
            throw new NotValid("malformed");
        }
    }

    /** Base64url has one spelling for the same bytes (RFC 7515 2); Java's decoder takes others too. */
    private static byte[] bytes(String text) throws NotValid {
        try {
            byte[] bytes = Base64.getUrlDecoder().decode(text);
            require(Base64.getUrlEncoder().withoutPadding().encodeToString(bytes).equals(text),
                    "malformed");
            return bytes;
        } catch (IllegalArgumentException malformed) {
            throw new NotValid("malformed");
        }
    }

    private static void require(boolean isSo, String otherwise) throws NotValid {
        if (!isSo)
            throw new NotValid(otherwise);
    }
}
