"""A client that reads jobs' events in a process of its own, to be killed: `chaos_reader.py URL TOKEN JOB…`."""

import contextlib
import http.client
import sys
import threading


def read(address: str, token: str, job: str) -> None:
    connection = http.client.HTTPConnection(address, timeout=60)
    with contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", f"/jobs/{job}/events", headers={"Authorization": f"Bearer {token}"})
        for line in connection.getresponse():
            if line.startswith(b"id:"):
                print(line, flush=True)


if __name__ == "__main__":
    url, token, *jobs = sys.argv[1:]
    for job in jobs:
        threading.Thread(target=read, args=(url.removeprefix("http://"), token, job)).start()
