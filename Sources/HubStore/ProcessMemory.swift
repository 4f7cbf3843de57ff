internal import CRocksDB

/// How the process deals with memory that it frees.
public enum ProcessMemory {
    /// Keeps up to 64 MiB of freed memory for the next buffers. Buffers of a read are larger than what the allocator
    /// keeps by itself; given back and fetched anew for each read, they cost a fifth of the processor time.
    public static func keepFreedBuffers() {
        mallopt(M_MMAP_THRESHOLD, 32 << 20)
        mallopt(M_TRIM_THRESHOLD, 64 << 20)
    }
}
