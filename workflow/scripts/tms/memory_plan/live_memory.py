"""Bytes of the tensors that are alive, and their peak, as torch's operations make and drop them."""

import weakref

import torch
from torch.distributed._tools.common_utils import get_untyped_storages
from torch.distributed.tensor import DTensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakIdKeyDictionary


class LiveMemory(TorchDispatchMode):
    """Counts the storages that operations return while it is on, fake ones too; each once.

    Entered inside a fake mode it sees what eager kernels would return, and nothing that they need inside.
    torch's own `MemTracker` does the same by modules; under a fake mode it also counts the tensors of global
    size from which DTensor learns shapes (in the optimiser's step), which no card ever holds.

    Attributes:
        live: bytes now.
        peak: most bytes since the start, or since `restart`.
    """

    def __init__(self):
        super().__init__()
        self.live = self.peak = 0
        self._sizes: WeakIdKeyDictionary = WeakIdKeyDictionary()  # storage -> [bytes]

    def restart(self) -> None:
        """Forget the peak so far."""
        self.peak = self.live

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if any(issubclass(kind, DTensor) for kind in types):
            return NotImplemented  # DTensor's own dispatch comes back with each process's part
        if func is torch.ops._c10d_functional.wait_tensor.default:
            return args[0]  # a fake one would be a second tensor
        returned = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(returned):
            if isinstance(tensor, torch.Tensor):
                self._add(tensor)
        return returned

    def __enter__(self):
        # FSDP frees gathered weights by resizing their storage, which no dispatch sees.
        resize = self._resize = torch.UntypedStorage.resize_

        def counted(storage: torch.UntypedStorage, size: int):
            returned = resize(storage, size)
            if storage in self._sizes:
                self._set(self._sizes[storage], storage.nbytes())
            return returned

        torch.UntypedStorage.resize_ = counted
        return super().__enter__()

    def __exit__(self, *error):
        torch.UntypedStorage.resize_ = self._resize
        return super().__exit__(*error)

    def _add(self, tensor: torch.Tensor) -> None:
        for storage in get_untyped_storages(tensor):
            if storage not in self._sizes:
                size = self._sizes[storage] = [0]
                self._set(size, storage.nbytes())
                weakref.finalize(storage, self._set, size, 0).atexit = False

    def _set(self, size: list[int], count: int) -> None:
        self.live += count - size[0]
        size[0] = count
        self.peak = max(self.peak, self.live)
