"""A TCP relay in front of PostgreSQL: `relay.py ADDRESS UPSTREAM [CERTIFICATE KEY]`. It prints its port.

With a certificate it terminates TLS and answers in records of the greatest length, as proxies do; PostgreSQL's are
shorter.
"""

import socket
import ssl
import sys
import threading

LONGEST_RECORD = 16384
SSL_REQUEST = bytes([0, 0, 0, 8, 4, 210, 22, 47])


def gathered(source: socket.socket) -> bytes:
    """The bytes that arrive without a pause, up to a record's length."""
    data = source.recv(LONGEST_RECORD)
    source.settimeout(0.01)
    try:
        while data and len(data) < LONGEST_RECORD and (more := source.recv(LONGEST_RECORD - len(data))):
            data += more
    except TimeoutError:
        pass
    finally:
        source.settimeout(None)
    return data


def copy(source: socket.socket, target: socket.socket, read):
    try:
        while data := read(source):
            target.sendall(data)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(client: socket.socket, upstream: str, context: ssl.SSLContext | None):
    try:
        if context:
            if client.recv(8, socket.MSG_WAITALL) != SSL_REQUEST:
                return client.close()
            client.sendall(b"S")
            client = context.wrap_socket(client, server_side=True)
        server = socket.socket(socket.AF_UNIX)
        server.connect(upstream)
    except OSError:
        return client.close()
    threading.Thread(target=copy, args=(client, server, lambda end: end.recv(65536)), daemon=True).start()
    copy(server, client, gathered if context else lambda end: end.recv(65536))


def main(address: str, upstream: str, *certificate: str):
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
    listener = socket.create_server((address, 0), backlog=64)
    print(listener.getsockname()[1], flush=True)
    while True:
        client, _ = listener.accept()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=serve, args=(client, upstream, context), daemon=True).start()


main(*sys.argv[1:])
