"""A persistent session: what was queued while the client was away, and what it received but did not
acknowledge, comes when it is back."""
import socket
import sys

from paho_client import TOPIC, V5, Client, facts, report

CLIENT_ID = sys.argv[4]
EXPIRY = 3600 if V5 else None

# a first connection, to begin with nothing of that name
Client(CLIENT_ID).connect(session_expiry=0).disconnect()
first = Client(CLIENT_ID, clean=False).connect(session_expiry=EXPIRY)
first.subscribe([(f"{TOPIC}/one", 1), (f"{TOPIC}/two", 2)])
first.disconnect()

sender = Client().connect()
for name, qos in (("one", 1), ("two", 2)):
    for index in range(50):
        sender.publish(f"{TOPIC}/{name}", f"{name} {index}", qos)

second = Client(CLIENT_ID, clean=False).connect(session_expiry=EXPIRY)
queued = [facts(message) for message in second.wait_for(100)]
second.disconnect()


def cut_before_acknowledging(client, message):
    # the library acknowledges after this callback: the connection is closed by then
    client.paho.socket().shutdown(socket.SHUT_RDWR)


third = Client(CLIENT_ID, clean=False, on_message=cut_before_acknowledging)
third.paho.reconnect_delay_set(5, 5)
third.connect(session_expiry=EXPIRY)
sender.publish(f"{TOPIC}/one", "unacknowledged", 1)
third.wait_for(1)
third.paho.disconnect()
third.paho.loop_stop()

fourth = Client(CLIENT_ID, clean=False).connect(session_expiry=EXPIRY)
again = [dict(facts(message), dup=bool(message.dup)) for message in fourth.wait_for(1)]
fourth.disconnect()

last = Client(CLIENT_ID, clean=True).connect(session_expiry=0)
report(
    queued=queued,
    again=again,
    session_present=[client.connections[0]["session_present"] for client in (first, second, third, fourth, last)],
)
last.disconnect()
sender.disconnect()
