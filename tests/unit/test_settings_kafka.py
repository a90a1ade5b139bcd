"""Settings of Kafka: what is mistyped is refused by its name, and never speaks in the clear."""

import sys
from types import ModuleType

import pytest

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
    options = broker(SECURITY_PROTOCOL="SSL", SSL_CAFILE=__file__).options
    assert options == {"security_protocol": "SSL", "ssl_cafile": __file__}


@pytest.mark.parametrize("mistyped", ["PARTITION", "SERVERS", "SASL_PASSWORD", "SSL_CAFILE_FILE"])
@pytest.mark.parametrize("servers", ["kafka:9092", ""])
def test_a_setting_that_nobody_reads_is_refused_with_those_there_are(broker, servers, mistyped):
    with pytest.raises(InvalidInput, match=r"没有这个设置.*BIHUAN_KAFKA_PARTITIONS") as refused:
        broker(servers, **{mistyped: "geheim"})
    assert refused.value.field == f"BIHUAN_KAFKA_{mistyped}"
    assert "geheim" not in str(refused.value)


def test_where_containers_publish_the_broker_is_no_setting_and_no_mistake(broker):
    assert broker(PORT="19092").servers == "kafka:9092"
