"""Looks at ports for engines.sh, with nothing but the standard library.

    probe.py free COUNT [FIRST]     prints the first of COUNT free ports in a row; FIRST if they are free there
    probe.py ready ENGINE PORT...   ends well if the members of mongodb, kafka or redis there work together
"""

import random
import socket
import struct
import sys

HOST = "127.0.0.1"
# Below the range from which systems take ports for outgoing connections.
FREE = range(15000, 32000)


def is_free(port):
    with socket.socket() as probe:
        # A port that was closed a moment ago is free, though the system still remembers it.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free(count, first=None):
    if first is not None:
        taken = [port for port in range(first, first + count) if not is_free(port)]
        if taken:
            sys.exit(f"port {taken[0]} is taken")
        return first
    while True:
        first = random.choice(FREE)
        if all(is_free(port) for port in range(first, first + count)):
            return first


def receive(stream, count):
    received = b""
    while len(received) < count:
        more = stream.recv(count - len(received))
        if not more:
            raise OSError("it hung up")
        received += more
    return received


def exchange(port, request):
    with socket.create_connection((HOST, port), 2) as stream:
        stream.sendall(request)
        return stream.recv(64)


def bson(document):
    """As much of BSON as the commands below need."""
    fields = b""
    for name, value in document.items():
        name = name.encode() + b"\0"
        if isinstance(value, int):
            fields += b"\x10" + name + struct.pack("<i", value)
        elif isinstance(value, str):
            text = value.encode() + b"\0"
            fields += b"\x02" + name + struct.pack("<i", len(text)) + text
        elif isinstance(value, list):
            fields += b"\x04" + name + bson({str(place): entry for place, entry in enumerate(value)})
        else:
            fields += b"\x03" + name + bson(value)
    return struct.pack("<i", len(fields) + 5) + fields + b"\0"


def command(port, document):
    """The answer of a MongoDB server to a command, as bytes."""
    body = bytes(5) + bson({**document, "$db": "admin"})
    with socket.create_connection((HOST, port), 5) as stream:
        stream.sendall(struct.pack("<iiii", 16 + len(body), 1, 0, 2013) + body)
        (length,) = struct.unpack("<i", receive(stream, 4))
        return receive(stream, length - 4)


def found(answer, name):
    return b"\x08" + name + b"\0\x01" in answer


def mongodb_works(ports):
    answers = [command(port, {"hello": 1}) for port in ports]
    primaries = [found(answer, b"isWritablePrimary") for answer in answers]
    if any(found(answer, b"isreplicaset") for answer in answers) and all(b"setName" not in a for a in answers):
        members = [{"_id": place, "host": f"{HOST}:{port}"} for place, port in enumerate(ports)]
        # A killed primary is replaced in about two seconds instead of ten.
        settings = {"electionTimeoutMillis": 2000, "heartbeatIntervalMillis": 500}
        command(ports[0], {"replSetInitiate": {"_id": "rs0", "members": members, "settings": settings}})
        return False
    return primaries.count(True) == 1 and all(p or found(a, b"secondary") for p, a in zip(primaries, answers))


def kafka_works(ports):
    # Metadata, version 1, of no topic: the answer begins with its length, our number and how many brokers there are.
    request = struct.pack(">ihhihi", 14, 3, 1, 7, -1, 0)
    return all(struct.unpack(">i", exchange(port, request)[8:12])[0] >= len(ports) for port in ports)


def redis_works(ports):
    return all(exchange(port, b"PING\r\n").startswith(b"+PONG") for port in ports)


def works(engine, ports):
    try:
        return {"mongodb": mongodb_works, "kafka": kafka_works, "redis": redis_works}[engine](ports)
    except (OSError, struct.error):
        return False


def main(task, *rest):
    if task == "free":
        print(free(*map(int, rest)))
    else:
        sys.exit(0 if works(rest[0], [int(port) for port in rest[1:]]) else 1)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
