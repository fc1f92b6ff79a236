"""A name server: `nameserver.py ADDRESS`. It is silent until SIGUSR1; from then on it answers every A question with its
own address, and every other question with no record."""

import signal
import socket
import sys


def main(address: str):
    is_silent = True

    def speak(*_):
        nonlocal is_silent
        is_silent = False

    signal.signal(signal.SIGUSR1, speak)
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((address, 53))
    print("ready", flush=True)
    while True:
        question, client = server.recvfrom(512)
        if is_silent:
            continue
        end = question.index(0, 12) + 5
        is_for_address = question[end - 4:end - 2] == b"\0\1"
        head = question[:2] + b"\x81\x80\0\1" + (b"\0\1" if is_for_address else b"\0\0") + b"\0\0\0\0"
        answer = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4" + socket.inet_aton(address) if is_for_address else b""
        server.sendto(head + question[12:end] + answer, client)


main(*sys.argv[1:])
