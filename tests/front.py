"""nginx before the sockets: TLS on ports of 127.0.0.1, with a certificate made for the occasion."""
import datetime
import grp
import http.server
import ipaddress
import json
import os
import shutil
import socket
import subprocess
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from harness import START_SECONDS, TOP, Daemon

HOST = "127.0.0.1"

JETOND = """
issuer = "{issuer}"
min-uid = 1
password-grant = "web"
web {{ group = "{group}" }}
audience "https://metrics.example" {{
    scope "metrics:read" {{ }}
    scope "metrics:write" {{ role = {{"operator"}} }}
}}
audience "https://app.example.org" {{
    scope "page:read" {{ }}
}}
audience "https://rs256.example" {{ alg = "RS256" }}
audience "https://eddsa.example" {{ alg = "EdDSA" }}
"""

# One process under the caller's uid: web.sock is his group's. The second server is how a service of
# this host with a client library that knows no Unix sockets would reach jeton.sock; below /proxied it
# is a proxy that says so. site.conf is the example of packaging/nginx.
NGINX = """
daemon off;
master_process off;
pid {directory}/nginx.pid;
error_log {directory}/nginx.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen {host}:{port} ssl;
        ssl_certificate {directory}/server.pem;
        ssl_certificate_key {directory}/server.key;
        location / {{
            proxy_pass http://unix:{socket}:;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
        }}
    }}
    server {{
        listen {host}:{local_port} ssl;
        ssl_certificate {directory}/server.pem;
        ssl_certificate_key {directory}/server.key;
        location / {{
            proxy_pass http://unix:{local_socket}:;
            proxy_set_header Host $http_host;
        }}
        location /proxied/ {{
            proxy_pass http://unix:{local_socket}:/;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
        }}
    }}
    include {directory}/site.conf;
}}
"""

EXAMPLE = TOP / "packaging" / "nginx"
LOGIN_NAME, APP_NAME = "login.example.org", "app.example.org"


def free_ports(count):
    held = [socket.create_server((HOST, 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def certificate(subject, key, issuer, issuer_key, extensions):
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (x509.CertificateBuilder()
               .subject_name(subject).issuer_name(issuer).public_key(key.public_key())
               .serial_number(x509.random_serial_number())
               .not_valid_before(now - datetime.timedelta(hours=1))
               .not_valid_after(now + datetime.timedelta(hours=3)))
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256())


def name(text):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def usage(**what):
    names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
             "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{one: what.get(one, False) for one in names})


def write_certificates(directory):
    """ca.pem, server.pem and server.key; gives the path of the first."""
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca_id = x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key())
    ca = certificate(name("authority"), ca_key, name("authority"), ca_key, [
        (x509.BasicConstraints(ca=True, path_length=0), True),
        (usage(key_cert_sign=True, crl_sign=True), True), (ca_id, False)])
    server = certificate(name(HOST), key, ca.subject, ca_key, [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (usage(digital_signature=True), True),
        (x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(ca_id), False),
        (x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST)),
                                      *map(x509.DNSName, (LOGIN_NAME, APP_NAME))]), False)])
    pem = serialization.Encoding.PEM
    (directory / "ca.pem").write_bytes(ca.public_bytes(pem))
    (directory / "server.pem").write_bytes(server.public_bytes(pem))
    (directory / "server.key").write_bytes(key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return directory / "ca.pem"


class Echo(http.server.BaseHTTPRequestHandler):
    """The server behind the guarded pages: what came to it, as JSON."""

    def answer(self):
        length = int(self.headers.get("Content-Length", 0))
        body = json.dumps({"path": self.path, "headers": self.headers.items(),
                           "body": self.rfile.read(length).decode()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


def example_site(directory, port, web_socket, echo_port):
    """packaging/nginx/jeton.conf with the places of this test; nothing else of it is changed."""
    text = (EXAMPLE / "jeton.conf").read_text()
    places = {"unix:/run/jeton/web.sock": f"unix:{web_socket}",
              "listen 443 ssl": f"listen {HOST}:{port} ssl",
              "http://127.0.0.1:8000": f"http://127.0.0.1:{echo_port}"}
    for name in (LOGIN_NAME, APP_NAME):
        places[f"/etc/ssl/{name}.pem"] = f"{directory}/server.pem"
        places[f"/etc/ssl/{name}.key"] = f"{directory}/server.key"
    for theirs, ours in places.items():
        assert theirs in text, theirs
        text = text.replace(theirs, ours)
    return text


class Front:
    """A daemon, and nginx before it. `issuer` is its base URL, `local` that of jeton.sock,
    `site_port` has the servers of the example, `authority` is whom clients trust."""

    def __init__(self):
        self.port, self.local_port, self.site_port = free_ports(3)
        self.issuer = f"https://{HOST}:{self.port}"
        self.local = f"https://{HOST}:{self.local_port}"
        group = grp.getgrgid(os.getegid()).gr_name
        self.daemon = Daemon(JETOND.format(issuer=self.issuer, group=group))
        self.directory = self.daemon.directory / "front"
        self.directory.mkdir()
        self.authority = write_certificates(self.directory)
        self.nginx = None
        self.echo = http.server.ThreadingHTTPServer((HOST, 0), Echo)

    def __enter__(self):
        try:
            threading.Thread(target=self.echo.serve_forever, daemon=True).start()
            self.daemon.start()
            self.start_nginx()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.nginx:
            self.nginx.terminate()
            self.nginx.wait(10)
        self.echo.shutdown()
        self.echo.server_close()
        self.daemon.remove()

    def url(self, path):
        return self.issuer + path

    def start_nginx(self):
        file = self.directory / "nginx.conf"
        file.write_text(NGINX.format(directory=self.directory, host=HOST, port=self.port,
                                     local_port=self.local_port,
                                     socket=self.daemon.web_socket,
                                     local_socket=self.daemon.socket))
        shutil.copytree(EXAMPLE / "jeton", self.directory / "jeton")
        (self.directory / "site.conf").write_text(example_site(
            self.directory, self.site_port, self.daemon.web_socket, self.echo.server_port))
        program = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
        assert program, "nginx is not installed: packaging/build-deps check"
        with open(self.directory / "nginx.said", "wb") as said:
            self.nginx = subprocess.Popen([program, "-c", str(file), "-p", str(self.directory)],
                                          stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        self.wait_for_port()

    def wait_for_port(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.nginx.poll() is None:
            try:
                socket.create_connection((HOST, self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError("nginx does not answer: " + (self.directory / "nginx.said").read_text())
