from foldbook.errors import FoldbookError as FoldbookError
from foldbook.errors import RunFailed as RunFailed
from foldbook.native.blocking import SyncNotebook as open_sync
from foldbook.native.opening import open_notebook as open

__version__: str
__all__ = ["FoldbookError", "RunFailed", "open", "open_sync"]
