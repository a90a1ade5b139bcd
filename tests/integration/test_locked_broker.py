"""A broker that speaks TLS and asks for a password: the settings of the environment get in."""

import datetime
import ipaddress
import secrets

import brokers
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from workflow.bus import causes
from workflow.bus.broker import Message
from workflow.bus.kafka import Publisher, Subscription
from workflow.bus.kafka.topics import check_topics, create_topics
from workflow.errors import Away
from workflow.settings_kafka import KafkaSettings

pytestmark = [
    pytest.mark.long,
    pytest.mark.column("kafka-postgresql"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def certificate(name, key, issuer, issuer_key, *, ca):
    now = datetime.datetime.now(datetime.UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder(issuer or subject, subject, key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if not ca:
        here = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
        made = made.add_extension(x509.SubjectAlternativeName(here), critical=False)
    return made.sign(issuer_key, hashes.SHA256())


def revocations(issuer, issuer_key, serial_numbers):
    """What an authority says it no longer answers for."""
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateRevocationListBuilder(issuer, now, now + datetime.timedelta(days=2))
    for number in serial_numbers:
        revoked = x509.RevokedCertificateBuilder().serial_number(number).revocation_date(now)
        made = made.add_revoked_certificate(revoked.build())
    return made.sign(issuer_key, hashes.SHA256())


def pem(certified):
    return certified.public_bytes(serialization.Encoding.PEM)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """A folder with `ca.pem`, an authority of our own, and `server.pem`, signed by it."""
    folder = tmp_path_factory.mktemp("certificates")
    folder.chmod(0o755)
    ours, servers = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = certificate("our authority", ours, None, ours, ca=True)
    server = certificate("broker", servers, authority.subject, ours, ca=False)
    key = servers.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "ca.pem").write_bytes(pem(authority))
    for name, revoked in (("none.crl", []), ("server.crl", [server.serial_number])):
        (folder / name).write_bytes(pem(revocations(authority.subject, ours, revoked)))
    (folder / "server.pem").write_bytes(key + pem(server) + pem(authority))
    return folder


@pytest.fixture(scope="module")
def locked(certificates):
    """The broker's address and the password."""
    password = secrets.token_hex(16)
    with brokers.locked(certificates, password) as address:
        yield address, password


@pytest.fixture
def settings(locked, certificates, tmp_path, monkeypatch):
    """What an operator sets, the password in a file; another mechanism or value where said."""
    address, password = locked
    file = tmp_path / "password"
    file.write_text(password)
    values = {
        "": address,
        "_PARTITIONS": "2",
        "_SECURITY_PROTOCOL": "SASL_SSL",
        "_SASL_MECHANISM": "PLAIN",
        "_SASL_PLAIN_USERNAME": "bihuan",
        "_SASL_PLAIN_PASSWORD_FILE": str(file),
        "_SSL_CAFILE": str(certificates / "ca.pem"),
    }

    def set_to(**others):
        for name, value in (values | {f"_{k}": v for k, v in others.items()}).items():
            monkeypatch.setenv(f"BIHUAN_KAFKA{name}", value)
        return KafkaSettings.broker()

    return set_to


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
def test_topics_are_made_written_and_read_with_what_the_settings_say(
    settings, certificates, mechanism
):
    tls = {"SSL_CRLFILE": str(certificates / "none.crl"), "SSL_CIPHERS": "ECDHE+AESGCM"}
    given = {"SASL_MECHANISM": mechanism, "PREFIX": f"{mechanism.lower()}."}
    broker = settings(**given, **(tls if mechanism == "PLAIN" else {}))
    create_topics(broker)
    check_topics(broker)
    publisher = Publisher(broker)
    publisher.publish([Message("ratings", 0, None, b"{}", [])])
    publisher.close()
    reading = Subscription(broker, "ratings", "looking")
    found = []
    for _ in range(30):
        found += reading.poll(0.5, 1000)
        if found:
            break
    reading.close()
    assert [message.value for message in found] == [b"{}"]


@pytest.mark.parametrize(
    ("wrong", "cause"),
    [
        ("password", "SaslAuthenticationFailedError：Authentication failed"),
        ("authority", "CERTIFICATE_VERIFY_FAILED"),
        ("protocol", "InvalidReceiveError|socket disconnected"),
        ("revoked", "certificate revoked"),
    ],
)
def test_who_has_not_the_right_ones_stays_outside_and_is_told_why(
    settings, certificates, tmp_path, wrong, cause
):
    other = tmp_path / "other"
    key = ec.generate_private_key(ec.SECP256R1())
    said = b"guess" if wrong == "password" else pem(certificate("x", key, None, key, ca=True))
    other.write_bytes(said)
    given = {
        "password": {"SASL_PLAIN_PASSWORD_FILE": str(other)},
        "authority": {"SSL_CAFILE": str(other)},
        "protocol": {"SECURITY_PROTOCOL": "SASL_PLAINTEXT"},
        "revoked": {"SSL_CRLFILE": str(certificates / "server.crl")},
    }[wrong]
    causes.HEARD._reason = None  # what was said of the one before
    with pytest.raises(Away, match=cause) as told:
        create_topics(settings(**given))
    assert "guess" not in str(told.value)
