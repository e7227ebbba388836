"""One Keras as a server: `python keras_server.py keras2|keras3|keras3-jax`.

JSON lines: a request {"id", "do", ...} comes in on stdin, an answer {"id", "result"} or {"id", "error"} goes out on stdout,
one after the other. The first line out is {"ready": {...}}. The requests are the functions of judge.py; oracle.ts has their
types. Whatever the libraries print goes to stderr. The server ends with its stdin."""

import json
import os
import sys
import traceback

# The answers get a descriptor of their own: prints of libraries, Python's or C's, cannot come between them.
ANSWERS = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)
sys.stdout = sys.stderr

import kerases  # noqa: E402


def send(message):
    # NaN and infinity are not JSON: where a number may be one, judge.py says null.
    ANSWERS.write(json.dumps(message, allow_nan=False) + "\n")
    ANSWERS.flush()


def main(kind):
    K = kerases.Keras(kind)
    import judge

    send({"ready": judge.versions(K)})
    for line in sys.stdin:
        request = json.loads(line)
        number, name = request.pop("id"), request.pop("do")
        try:
            if name not in judge.REQUESTS:
                raise ValueError(f"no request is called {name}; there are {', '.join(judge.REQUESTS)}")
            send({"id": number, "result": judge.REQUESTS[name](K, **request)})
        except Exception as error:
            message = f"{type(error).__name__}: {error}"
            send({"id": number, "error": {"message": message, "traceback": traceback.format_exc()}})


if __name__ == "__main__":
    main(sys.argv[1])
