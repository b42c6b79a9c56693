#!/usr/bin/env python3
"""A client of the broker in another language, written from PROTOCOL.md and proto/eventbus.proto alone.

    probe.py SOCKET sub PATTERN COUNT      prints COUNT events, one JSON object a line
    probe.py SOCKET pub TOPIC COUNT        publishes COUNT process events, numbered from 1

Who may publish proves it: with `--key FILE`, the key file beside the socket, or with `--token`, a spawn
token on the first line of standard input. The standard library is all it needs.
"""

import argparse
import json
import os
import socket
import struct
import sys

# Fields of Frame.
REFUSAL, HELLO, WELCOME, SUBSCRIBE, SUBSCRIBED = 1, 2, 3, 4, 5
CREDIT, GRANT, ENDED, PING, GOODBYE, PUBLISH, DELIVER, DENIED = 8, 9, 11, 12, 13, 14, 15, 20
# Fields of Envelope.
PUBLISHER, INCARNATION, SEQUENCE, TOPIC, SOURCE, PROCESS = 1, 2, 3, 4, 6, 11
# Wire types of protobuf.
VARINT, FIXED64, BYTES = 0, 1, 2
# Events held for a subscription.
CAPACITY = 64
# Longest a read waits, seconds.
LIMIT_S = 20


def varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(field, value):
    return varint(field << 3 | VARINT) + varint(value)


def fixed(field, value):
    return varint(field << 3 | FIXED64) + struct.pack("<Q", value)


def data(field, value):
    value = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | BYTES) + varint(len(value)) + value


def read_varint(message, at):
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value, at


def fields(message):
    """All fields of a message: a number with the values it has, in order."""
    found, at = {}, 0
    while at < len(message):
        tag, at = read_varint(message, at)
        if tag & 7 == VARINT:
            value, at = read_varint(message, at)
        elif tag & 7 == FIXED64:
            value, at = struct.unpack_from("<Q", message, at)[0], at + 8
        elif tag & 7 == BYTES:
            length, at = read_varint(message, at)
            value, at = message[at : at + length], at + length
        else:
            raise ValueError(f"wire type {tag & 7} is not of this protocol")
        found.setdefault(tag >> 3, []).append(value)
    return found


def first(message, field, default):
    return message.get(field, [default])[0]


class Client:
    def __init__(self, path, name, proof=b""):
        self.name, self.sequence, self.unread = name, 0, b""
        self.incarnation = int.from_bytes(os.urandom(8), "little")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(LIMIT_S)
        self.socket.connect(path)
        hello = number(1, 1) + number(2, 1) + data(3, name) + fixed(4, self.incarnation)
        self.send(HELLO, hello + proof)
        welcome = self.expect(WELCOME)
        self.role = first(welcome, 5, b"").decode()
        # Bytes that may still be sent before the broker grants more.
        self.window = first(welcome, 3, 0)

    def send(self, field, message=b""):
        frame = data(field, message)
        self.socket.sendall(struct.pack("<I", len(frame)) + frame)
        return 4 + len(frame)

    def next(self):
        """The next frame: its field and its message, answering signs of life on the way."""
        while True:
            while len(self.unread) < 4 or len(self.unread) < 4 + self.length():
                more = self.socket.recv(64 << 10)
                if not more:
                    raise EOFError("the broker closed the connection")
                self.unread += more
            frame, self.unread = self.unread[4 : 4 + self.length()], self.unread[4 + self.length() :]
            ((field, (message,)),) = fields(frame).items()
            if field == PING:
                self.send(PING)
            elif field == GRANT:
                self.window += first(fields(message), 1, 0)
            elif field in (REFUSAL, DENIED):
                raise PermissionError(first(fields(message), 2, b"").decode())
            else:
                return field, fields(message)

    def length(self):
        return struct.unpack_from("<I", self.unread)[0]

    def expect(self, wanted):
        while True:
            field, message = self.next()
            if field == wanted:
                return message

    def publish(self, topic, payload_field, payload):
        while self.window <= 0:
            self.next()
        self.sequence += 1
        envelope = data(PUBLISHER, self.name) + fixed(INCARNATION, self.incarnation)
        envelope += number(SEQUENCE, self.sequence) + data(TOPIC, topic) + data(SOURCE, self.name)
        self.window -= self.send(PUBLISH, envelope + data(payload_field, payload))

    def subscribe(self, subscriber, pattern):
        request = number(1, 1) + data(2, subscriber) + data(3, pattern) + number(5, 1)
        self.send(SUBSCRIBE, request + number(9, CAPACITY))
        reply = self.expect(SUBSCRIBED)
        if first(reply, 2, 0) != 0:
            raise PermissionError(first(reply, 3, b"").decode())
        return first(reply, 5, 0)

    def receive(self, subscription):
        delivery = self.expect(DELIVER)
        self.send(CREDIT, number(1, subscription) + number(2, 1))
        return fields(delivery[2][0])

    def leave(self):
        self.send(GOODBYE, number(1, 1))
        while not first(self.expect(GOODBYE), 1, 0):
            pass
        self.socket.close()


def shown(event):
    process = fields(first(event, PROCESS, b""))
    return {
        "publisher": first(event, PUBLISHER, b"").decode(),
        "sequence": first(event, SEQUENCE, 0),
        "topic": first(event, TOPIC, b"").decode(),
        "pid": first(process, 3, 0),
        "name": first(process, 5, b"").decode(),
    }


def proof(arguments):
    if arguments.token:
        return data(5, bytes.fromhex(sys.stdin.readline().strip()))
    if arguments.key:
        with open(arguments.key, encoding="ascii") as file:
            return data(6, bytes.fromhex(file.read().strip()))
    return b""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("socket")
    parser.add_argument("verb", choices=["pub", "sub"])
    parser.add_argument("topic", help="a topic to publish on, a pattern to subscribe to")
    parser.add_argument("count", type=int)
    parser.add_argument("--name", default="probe")
    parser.add_argument("--key", metavar="FILE")
    parser.add_argument("--token", action="store_true")
    arguments = parser.parse_args()
    try:
        client = Client(arguments.socket, arguments.name, proof(arguments))
        if arguments.verb == "pub":
            for pid in range(1, arguments.count + 1):
                process = number(3, pid) + data(5, f"process-{pid}")
                client.publish(arguments.topic, PROCESS, process)
        else:
            subscription = client.subscribe(arguments.name, arguments.topic)
            print(json.dumps({"subscribed": arguments.topic, "role": client.role}), flush=True)
            for _ in range(arguments.count):
                print(json.dumps(shown(client.receive(subscription))), flush=True)
        client.leave()
    except (PermissionError, EOFError, OSError) as error:
        sys.exit(f"probe: {error}")


if __name__ == "__main__":
    main()
