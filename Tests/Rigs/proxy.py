#!/usr/bin/env python3
"""A proxy that lets through (CONNECT), or answers with a status, or speaks something else.

usage: proxy.py through|STATUS|socks|…

Says `port N`, then a line for each CONNECT. socks refuses every connection (RFC 1928, §6).
"""

import socket
import sys
import threading

kind = sys.argv[1]


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    finally:
        try:
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def serve(client):
    if kind == "socks":
        client.recv(256)
        client.sendall(b"\x05\x00")
        client.recv(256)
        # 0x02: not allowed by ruleset.
        client.sendall(b"\x05\x02\x00\x01" + bytes(6))
        client.close()
        return
    head = b""
    while b"\r\n\r\n" not in head:
        data = client.recv(4096)
        if not data:
            return
        head += data
    target = head.split()[1].decode()
    print(f"CONNECT {target}", flush=True)
    if kind != "through":
        client.sendall(f"HTTP/1.1 {kind} No\r\nContent-Length: 0\r\n\r\n".encode())
        client.close()
        return
    host, _, port = target.rpartition(":")
    server = socket.create_connection((host, int(port)))
    client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    threading.Thread(target=pump, args=(server, client), daemon=True).start()
    pump(client, server)


listener = socket.create_server(("127.0.0.1", 0))
print(f"port {listener.getsockname()[1]}", flush=True)


def accept():
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client,), daemon=True).start()


threading.Thread(target=accept, daemon=True).start()
sys.stdin.read()
