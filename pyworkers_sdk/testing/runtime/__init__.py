"""The fake runtime: it calls a Worker on plain CPython, and stands for the world around it.

``fake_runtime`` is the front door (``FakeRuntime``). ``events`` and ``incoming_email`` deliver
events, ``services`` and ``rpc`` calls from other Workers. ``host`` knows the Workers, and the work
that they left for later. ``network``, ``tcp`` and ``cache`` are the world outside. ``scheduling``
decides who runs next.
"""
