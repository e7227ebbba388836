"""Keras as a server. `python keras_server.py keras2|keras3|keras3-jax` answers on stdin and stdout;
`python keras_server.py keras2|keras3 <socket>` imports Keras once and forks for everyone who connects to the Unix socket.

JSON lines: a request {"id", "do", ...} comes in, an answer {"id", "result"} or {"id", "error"} goes out, one after the other.
The first line out is {"ready": {...}}. The requests are the functions of judge.py; oracle.ts has their types. Whatever the
libraries print goes to stderr. Who answers ends with the requests; who forks ends with its stdin."""

import json
import os
import select
import signal
import socket
import sys
import traceback

# The answers get a descriptor of their own: prints of libraries, Python's or C's, cannot come between them.
ANSWERS = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)
sys.stdout = sys.stderr

import kerases  # noqa: E402


def send(answers, message):
    # NaN and infinity are not JSON: where a number may be one, judge.py says null.
    answers.write(json.dumps(message, allow_nan=False) + "\n")
    answers.flush()


def answer(kind, requests, answers):
    K = kerases.Keras(kind)
    import judge

    send(answers, {"ready": judge.versions(K)})
    for line in requests:
        request = json.loads(line)
        number, name = request.pop("id"), request.pop("do")
        try:
            if name not in judge.REQUESTS:
                raise ValueError(f"no request is called {name}; there are {', '.join(judge.REQUESTS)}")
            send(answers, {"id": number, "result": judge.REQUESTS[name](K, **request)})
        except Exception as error:
            message = f"{type(error).__name__}: {error}"
            send(answers, {"id": number, "error": {"message": message, "traceback": traceback.format_exc()}})


def fork_for_each(kind, path):
    """TensorFlow starts its threads with the first tensor: until then a process that has imported it may fork."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        # Tests that need no Keras start while it is imported; who connects meanwhile waits.
        send(ANSWERS, {"listening": path})
        kerases.import_libraries(kind)
        import judge  # noqa: F401

        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        while True:
            ready, _, _ = select.select([listener, sys.stdin], [], [])
            if sys.stdin in ready:
                return
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                with connection, connection.makefile("r", encoding="utf-8") as requests:
                    with connection.makefile("w", encoding="utf-8") as answers:
                        answer(kind, requests, answers)
                # Not back into the loop, and nothing of the parent's is closed.
                os._exit(0)
            connection.close()


if __name__ == "__main__":
    if len(sys.argv) > 2:
        fork_for_each(sys.argv[1], sys.argv[2])
    else:
        answer(sys.argv[1], sys.stdin, ANSWERS)
