internal import CRocksDB

/// How the process deals with memory that it frees.
public enum ProcessMemory {
    /// Keeps up to 64 MiB of freed memory for the next buffers. Buffers of a read are larger than what the allocator
    /// keeps by itself; given back and fetched anew for each read, they cost a fifth of the processor time.
    ///
    /// In one arena: with one for each thread, what one thread has freed is not there for the others, and the peak was a
    /// sixth higher (and nothing faster).
    public static func keepFreedBuffers() {
        mallopt(M_ARENA_MAX, 1)
        mallopt(M_MMAP_THRESHOLD, 32 << 20)
        mallopt(M_TRIM_THRESHOLD, 64 << 20)
    }

    /// Asks for large pages for memory that was not touched yet, where the system gives them on request. A hint: when it
    /// is refused, everything works the same, slower.
    public static func preferLargePages(_ memory: UnsafeMutableRawBufferPointer) {
        let page = 2 << 20
        guard let start = memory.baseAddress else { return }
        let first = (Int(bitPattern: start) + page - 1) / page * page
        let end = (Int(bitPattern: start) + memory.count) / page * page
        guard first < end, let address = UnsafeMutableRawPointer(bitPattern: first) else { return }
        _ = madvise(address, end - first, MADV_HUGEPAGE)
    }
}
