"""Settings of Kafka: what is mistyped is refused by its name, and never speaks in the clear."""

import datetime
import sys
from types import ModuleType

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from workflow.errors import InvalidInput
from workflow.settings_kafka import KafkaSettings


@pytest.fixture
def broker(monkeypatch):
    def of(servers="kafka:9092", **settings):
        monkeypatch.setenv("BIHUAN_KAFKA", servers)
        for name, value in settings.items():
            monkeypatch.setenv(f"BIHUAN_KAFKA_{name}", value)
        return KafkaSettings.broker()

    return of


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("kafka:9092", ["kafka:9092"]),
        ("k1:9092, k2:9093 ,[fd00::7]:9094", ["k1:9092", "k2:9093", "[fd00::7]:9094"]),
        ("10.2.0.7", ["10.2.0.7"]),
    ],
)
def test_addresses_are_read_with_or_without_blanks_between_them(broker, said, read):
    assert broker(said).client["bootstrap_servers"] == read


@pytest.mark.parametrize("said", [":", "kafka:abc", "kafka:70000", "kafka:9092,", "a b:9092", "k:"])
def test_what_is_no_address_is_refused(broker, said):
    with pytest.raises(InvalidInput, match="BIHUAN_KAFKA：须写作"):
        broker(said)


@pytest.mark.parametrize("protocol", ["ssl", "SASL-SSL", "TLS"])
def test_a_mistyped_protocol_is_refused(broker, protocol):
    with pytest.raises(InvalidInput, match=r"SECURITY_PROTOCOL：只能是 .*SASL_SSL"):
        broker(SECURITY_PROTOCOL=protocol)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"SSL_CAFILE": __file__}, "SECURITY_PROTOCOL"),
        ({"SASL_PLAIN_PASSWORD": "x"}, "SECURITY_PROTOCOL"),
        ({"SECURITY_PROTOCOL": "SASL_SSL"}, "SASL_MECHANISM"),
        ({"SECURITY_PROTOCOL": "SASL_SSL", "SASL_MECHANISM": "scram"}, "SASL_MECHANISM"),
        ({"SECURITY_PROTOCOL": "SSL", "SSL_CAFILE": "/nowhere/ca.pem"}, "SSL_CAFILE"),
        ({"SECURITY_PROTOCOL": "SSL", "SSL_KEYFILE": "/nowhere/key.pem"}, "SSL_KEYFILE"),
    ],
)
def test_what_would_not_get_in_as_meant_is_refused_by_its_name(broker, settings, named):
    with pytest.raises(InvalidInput, match=f"BIHUAN_KAFKA_{named}"):
        broker(**settings)


def test_a_mechanism_that_needs_a_program_to_fetch_tokens_is_refused_with_the_others(broker):
    with pytest.raises(InvalidInput, match=r"OAUTHBEARER 要用程序取令牌.*SCRAM"):
        broker(SECURITY_PROTOCOL="SASL_SSL", SASL_MECHANISM="OAUTHBEARER")


def test_kerberos_goes_through_where_its_package_is_and_is_refused_where_not(broker, monkeypatch):
    named = {"SASL_KERBEROS_SERVICE_NAME": "kafka", "SASL_KERBEROS_DOMAIN_NAME": "k1.example"}
    said = {"SECURITY_PROTOCOL": "SASL_SSL", "SASL_MECHANISM": "GSSAPI", **named}
    monkeypatch.setitem(sys.modules, "gssapi", None)
    with pytest.raises(InvalidInput, match="SASL_MECHANISM：需要 gssapi 包"):
        broker(**said)
    monkeypatch.setitem(sys.modules, "gssapi", ModuleType("gssapi"))
    assert broker(**said).options == {name.lower(): value for name, value in said.items()}


@pytest.mark.parametrize(
    "wrong", [{"SSL_CIPHERS": "none"}, {"SSL_CRLFILE": __file__}, {"SSL_CRLFILE": "/nowhere"}]
)
def test_a_list_of_revoked_certificates_or_ciphers_that_are_none_are_refused(broker, wrong):
    with pytest.raises(InvalidInput, match=f"BIHUAN_KAFKA_{next(iter(wrong))}"):
        broker(SECURITY_PROTOCOL="SSL", **wrong)


def test_ciphers_are_heeded(broker):
    said = broker(SECURITY_PROTOCOL="SSL", SSL_CIPHERS="ECDHE-RSA-AES256-GCM-SHA384").options
    older = [one for one in said["ssl_context"].get_ciphers() if one["protocol"] != "TLSv1.3"]
    assert [one["name"] for one in older] == ["ECDHE-RSA-AES256-GCM-SHA384"]
    assert said.keys() == {"security_protocol", "ssl_context"}


def test_what_is_empty_is_not_set(broker):
    options = broker(SECURITY_PROTOCOL="", SASL_MECHANISM="", PARTITIONS="").options
    assert options == {}
    options = broker(SECURITY_PROTOCOL="SSL", SSL_CHECK_HOSTNAME="true", SSL_CAFILE="").options
    assert options == {"security_protocol": "SSL", "ssl_check_hostname": True}


@pytest.mark.parametrize("mistyped", ["PARTITION", "SERVERS", "SASL_PASSWORD", "SSL_CAFILE_FILE"])
@pytest.mark.parametrize("servers", ["kafka:9092", ""])
def test_a_setting_that_nobody_reads_is_refused_with_those_there_are(broker, servers, mistyped):
    with pytest.raises(InvalidInput, match=r"没有这个设置.*BIHUAN_KAFKA_PARTITIONS") as refused:
        broker(servers, **{mistyped: "geheim"})
    assert refused.value.field == f"BIHUAN_KAFKA_{mistyped}"
    assert "geheim" not in str(refused.value)


def test_where_containers_publish_the_broker_is_no_setting_and_no_mistake(broker):
    assert broker(PORT="19092").servers == "kafka:9092"


@pytest.fixture
def files(tmp_path):
    """A certificate of ours, its key behind the password `geheim`, and what is neither."""
    key = ec.generate_private_key(ec.SECP256R1())
    now, name = datetime.datetime.now(datetime.UTC), x509.Name([])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    found = {
        "certificate": made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM),
        "key": key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"geheim"),
        ),
        "rubbish": b"-----BEGIN CERTIFICATE-----",
    }
    for called, held in found.items():
        (tmp_path / called).write_bytes(held)
    return {called: str(tmp_path / called) for called in found}


def test_a_certificate_and_its_key_go_to_the_client_which_may_read_them_anew(broker, files):
    given = {"CAFILE": files["certificate"], "CERTFILE": files["certificate"]}
    given |= {"KEYFILE": files["key"], "PASSWORD": "geheim"}
    said = {f"SSL_{name}": value for name, value in given.items()}
    options = broker(SECURITY_PROTOCOL="SSL", **said).options
    assert options == {"security_protocol": "SSL"} | {k.lower(): v for k, v in said.items()}


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"CAFILE": "rubbish"}, "SSL_CAFILE：用不了：内容不对"),
        ({"CERTFILE": "rubbish", "KEYFILE": "key"}, "SSL_CERTFILE：用不了：内容不对"),
        ({"CERTFILE": "certificate"}, "SSL_CERTFILE：用不了：内容不对，或与证书、口令不符"),
        ({"CERTFILE": "certificate", "KEYFILE": "rubbish"}, "SSL_KEYFILE：用不了：内容不对，或与"),
        ({"CERTFILE": "certificate", "KEYFILE": "key"}, "SSL_KEYFILE：用不了：内容不对，或与"),
        ({"KEYFILE": "key"}, "SSL_CERTFILE：须与 SSL_KEYFILE 一起写明"),
    ],
)
def test_a_file_that_does_not_load_is_refused_by_its_setting_and_nobody_is_asked_at_the_terminal(
    broker, files, given, named
):
    said = {f"SSL_{name}": files[file] for name, file in given.items()}
    with pytest.raises(InvalidInput, match=f"BIHUAN_KAFKA_{named}"):
        broker(SECURITY_PROTOCOL="SSL", **said)
