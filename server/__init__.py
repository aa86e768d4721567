"""The asyncio server: doors for candidates, HR and HR systems around one event log."""

import os

# Before numpy is first imported: the threads of its matrix multiplication spin while they wait, and take more of the
# machine than all interviews together. One is enough for what is multiplied here.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
