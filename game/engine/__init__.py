"""The engine: a worker process that runs a GGUF, and the client that the program talks to it with.

`client.EngineClient` is all that the rest of the program needs. Only modules that run in
the worker (`worker`, `llama`, `grammar`, `trial`) import `llama_cpp`, and they import it late.
"""
