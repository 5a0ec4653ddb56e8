"""postbox.py PORT: a mail server for tests, which takes every mail and prints a line of each: its reader and its subject."""

import asyncio
import email
import email.policy
import sys


async def message(reader):
    lines = []
    while (line := await reader.readline()) != b".\r\n":
        if not line:
            raise EOFError
        lines.append(line[1:] if line.startswith(b".") else line)
    return email.message_from_bytes(b"".join(lines), policy=email.policy.default)


async def serve(reader, writer):
    """As much of RFC 5321 as a program needs that sends mail."""
    to = ""
    writer.write(b"220 postbox\r\n")
    while line := await reader.readline():
        verb = line[:4].upper().strip()
        answer = "250 done"
        if verb == b"EHLO":
            answer = "250-postbox\r\n250-8BITMIME\r\n250 SMTPUTF8"
        elif verb == b"RCPT":
            to = line.decode().split("<", 1)[1].split(">", 1)[0]
        elif verb == b"DATA":
            writer.write(b"354 go on\r\n")
            mail = await message(reader)
            print(f"{to}: {mail['Subject']}", flush=True)
        elif verb == b"QUIT":
            answer = "221 goodbye"
        writer.write(f"{answer}\r\n".encode())
        await writer.drain()
    writer.close()


async def main():
    server = await asyncio.start_server(serve, None, int(sys.argv[1]))
    await server.serve_forever()


asyncio.run(main())
