# Stands for systemd: a datagram socket at the address of its first argument. Prints each message as a line of JSON,
# with the time when it came, and closes the descriptors that came with it, which is how a barrier is passed.
import json
import os
import socket
import struct
import sys
import time

address = sys.argv[1]
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind("\0" + address[1:] if address.startswith("@") else address)
print("ready", flush=True)
while True:
    data, ancillary, _, _ = server.recvmsg(65536, socket.CMSG_SPACE(64))
    received = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            for (descriptor,) in struct.iter_unpack("i", content[: len(content) // 4 * 4]):
                os.close(descriptor)
    print(json.dumps({"received": received, "lines": data.decode().split("\n")}), flush=True)
