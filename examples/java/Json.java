import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads JSON (RFC 8259), because Java brings nothing that does; whoever has Jackson or Gson takes
 * that. A name that stands twice is refused, and what nests too deep.
 */
final class Json {
    static final class Malformed extends Exception {
        private static final long serialVersionUID = 1;

        Malformed(String what, int at) {
            super("no JSON: " + what + " at " + at);
        }
    }

    private static final int DEEPEST = 32;
    private static final Pattern NUMBER =
            Pattern.compile("-?(0|[1-9][0-9]{0,17})(\\.[0-9]{1,17})?([eE][+-]?[0-9]{1,3})?");
    private static final String ESCAPES = "\"\\/bfnrt", ESCAPED = "\"\\/\b\f\n\r\t";

    private final String text;
    private int at;
    private int depth;

    private Json(String text) {
        this.text = text;
    }

    /** A Map, List, String, Double, Boolean or null. */
    static Object value(String text) throws Malformed {
        Json json = new Json(text);
        Object value = json.value();
        json.skipBlanks();
        json.expect(json.at == text.length(), "something more");
        return value;
    }

    static Map<?, ?> object(String text) throws Malformed {
        if (value(text) instanceof Map<?, ?> object)
            return object;
        throw new Malformed("not an object", 0);
    }

    private Object value() throws Malformed {
        skipBlanks();
        return switch (at < text.length() ? text.charAt(at) : ' ') {
            case '{' -> members();
            case '[' -> elements();
            case '"' -> string();
            case 't' -> word("true", true);
            case 'f' -> word("false", false);
            case 'n' -> word("null", null);
            default -> number();
        };
    }

    private Map<String, Object> members() throws Malformed {
        Map<String, Object> members = new HashMap<>();
        enter();
        for (boolean ended = takes('}'); !ended; ended = endsWith('}')) {
            skipBlanks();
            String name = string();
            expect(!members.containsKey(name), "a name twice");
            expect(takes(':'), "no colon");
            members.put(name, value());
        }
        depth--;
        return members;
    }

    private List<Object> elements() throws Malformed {
        List<Object> elements = new ArrayList<>();
        enter();
        for (boolean ended = takes(']'); !ended; ended = endsWith(']'))
            elements.add(value());
        depth--;
        return elements;
    }

    private void enter() throws Malformed {
        at++;
        expect(++depth <= DEEPEST, "too deep");
    }

    private boolean endsWith(char end) throws Malformed {
        if (takes(end))
            return true;
        expect(takes(','), "no comma");
        return false;
    }

    private String string() throws Malformed {
        StringBuilder string = new StringBuilder();
        expect(takes('"'), "no text");
        for (;;) {
            char letter = next();
            if (letter == '"')
                return string.toString();
            expect(letter >= ' ', "a control character");
            string.append(letter == '\\' ? escaped() : letter);
        }
    }

    private char escaped() throws Malformed {
        char letter = next();
        if (letter != 'u') {
            int index = ESCAPES.indexOf(letter);
            expect(index >= 0, "no escape");
            return ESCAPED.charAt(index);
        }
        int code = 0;
        for (int digits = 0; digits < 4; digits++) {
            char digit = next();
            expect(digit < 128 && Character.digit(digit, 16) >= 0, "no escape");
            code = code * 16 + Character.digit(digit, 16);
        }
        return (char) code;
    }

    private char next() throws Malformed {
        expect(at < text.length(), "the end");
        return text.charAt(at++);
    }

    private Object word(String word, Object value) throws Malformed {
        expect(text.startsWith(word, at), "no value");
        at += word.length();
        return value;
    }

    private Double number() throws Malformed {
        Matcher number = NUMBER.matcher(text).region(at, text.length());
        expect(number.lookingAt(), "no value");
        at = number.end();
        return Double.valueOf(number.group());
    }

    /** Whether this sign comes next; then it is behind us. */
    private boolean takes(char sign) {
        skipBlanks();
        boolean comes = at < text.length() && text.charAt(at) == sign;
        at += comes ? 1 : 0;
        return comes;
    }

    private void skipBlanks() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0)
            at++;
    }

    private void expect(boolean isSo, String otherwise) throws Malformed {
        if (!isSo)
            throw new Malformed(otherwise, at);
    }
}
