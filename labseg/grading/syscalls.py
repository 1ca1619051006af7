"""System calls that no notebook needs, forbidden in the sandbox: a filter in the kernel's form.

They are the ways to memory that nothing counts, into other processes, and to the parts of the
kernel in which holes are found.
"""

import errno
import platform
import struct

# fmt: off
# Name → number, where it is not the same for both kinds of machine.
X86 = {
    "semget": 64, "shmget": 29, "msgget": 68, "ptrace": 101, "syslog": 103, "pivot_root": 155,
    "acct": 163, "mount": 165,
    "umount2": 166, "swapon": 167, "swapoff": 168, "reboot": 169, "init_module": 175,
    "delete_module": 176,
    "quotactl": 179, "kexec_load": 246, "add_key": 248, "request_key": 249, "keyctl": 250,
    "unshare": 272,
    "perf_event_open": 298, "name_to_handle_at": 303, "open_by_handle_at": 304, "setns": 308,
    "process_vm_readv": 310, "process_vm_writev": 311, "finit_module": 313, "memfd_create": 319,
    "kexec_file_load": 320, "bpf": 321, "userfaultfd": 323,
}
ARM = {
    "semget": 190, "shmget": 194, "msgget": 186, "ptrace": 117, "syslog": 116, "pivot_root": 41,
    "acct": 89, "mount": 40,
    "umount2": 39, "swapon": 224, "swapoff": 225, "reboot": 142, "init_module": 105,
    "delete_module": 106,
    "quotactl": 60, "kexec_load": 104, "add_key": 217, "request_key": 218, "keyctl": 219,
    "unshare": 97,
    "perf_event_open": 241, "name_to_handle_at": 264, "open_by_handle_at": 265, "setns": 268,
    "process_vm_readv": 270, "process_vm_writev": 271, "finit_module": 273, "memfd_create": 279,
    "kexec_file_load": 294, "bpf": 280, "userfaultfd": 282,
}
BOTH = {
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "pidfd_getfd": 438,
    "mount_setattr": 442,
    "quotactl_fd": 443, "memfd_secret": 447,
}
# fmt: on
MACHINES = {"x86_64": (0xC000003E, X86), "aarch64": (0xC00000B7, ARM)}
X32 = 0x40000000  # numbers from here on are another way to the same calls
# Instructions: load a word, jump if equal, jump if not less, return.
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
NUMBER, MACHINE = 0, 4  # where they stand in what the filter is given
ALLOW, DENY = 0x7FFF0000, 0x00050000 | errno.EPERM


def is_known():
    """Whether there is a filter for this kind of machine."""
    return platform.machine() in MACHINES


def filter_program():
    """The filter for this kind of machine, as bubblewrap takes it; b"" if there is none."""
    if not is_known():
        return b""
    machine, own = MACHINES[platform.machine()]
    numbers = sorted({**own, **BOTH}.values())
    to_deny = len(numbers) + 1  # from the first comparison of a number, over the last return
    program = [(LOAD, 0, 0, MACHINE), (EQUAL, 0, to_deny + 2, machine), (LOAD, 0, 0, NUMBER)]
    program.append((AT_LEAST, to_deny, 0, X32))
    for left, number in zip(range(to_deny - 1, 0, -1), numbers, strict=True):
        program.append((EQUAL, left, 0, number))
    program += [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, DENY)]
    return b"".join(struct.pack("HBBI", *instruction) for instruction in program)
