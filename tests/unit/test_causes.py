"""Why a broker let nobody in is learned, also where it says so and hangs up at once."""

from kafka.errors import KafkaConnectionError

from workflow.bus.causes import heard_out


class Connection:
    """Reads what came at once with the broker's hanging up."""

    def __init__(self, *came: bytes) -> None:
        self._came = list(came)

    def _sock_recv(self) -> tuple[bytes, Exception | None]:
        came, self._came = b"".join(self._came), []
        return came, KafkaConnectionError("socket disconnected")


def test_what_is_said_just_before_hanging_up_is_read_first() -> None:
    heard_out(Connection)
    connection = Connection(b"no such ", b"password")
    assert connection._sock_recv() == (b"no such password", None)
    nothing, ended = connection._sock_recv()
    assert nothing == b""
    assert isinstance(ended, KafkaConnectionError)
