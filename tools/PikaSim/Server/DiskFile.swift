#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// What went wrong with a file, in the system's words.
public struct DiskError: Error, CustomStringConvertible {
    public let path: String
    public let operation: String
    public let code: Int32

    public var description: String { "\(operation) \(path): \(String(cString: strerror(code)))" }
}

/// A file that outlives `kill -9`: what `write` has returned is in the kernel's hands. (Like the original, nothing is
/// synced, so power loss is another matter.)
final class DiskFile {
    let path: String
    private let descriptor: Int32

    init(path: String) throws(DiskError) {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        if descriptor < 0 { throw DiskError(path: path, operation: "open", code: errno) }
    }

    deinit { close(descriptor) }

    func write(_ bytes: Bytes, at offset: UInt64) throws(DiskError) {
        var done = 0
        while done < bytes.count {
            let written = bytes.withUnsafeBytes { raw in
                pwrite(descriptor, raw.baseAddress.map { $0 + done }, raw.count - done, off_t(offset) + off_t(done))
            }
            if written < 0, errno != EINTR { throw DiskError(path: path, operation: "write", code: errno) }
            done += max(0, written)
        }
    }

    /// Up to `count` bytes, fewer at the end of the file.
    func read(_ count: Int, at offset: UInt64) throws(DiskError) -> Bytes {
        var failure: Int32 = 0
        let bytes = Bytes(unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = pread(
                    descriptor, buffer.baseAddress.map { $0 + filled }, count - filled,
                    off_t(offset) + off_t(filled))
                if got < 0, errno == EINTR { continue }
                if got < 0 { failure = errno }
                if got <= 0 { return }
                filled += got
            }
        }
        if failure != 0 { throw DiskError(path: path, operation: "read", code: failure) }
        return bytes
    }

    func truncate(to size: UInt64) throws(DiskError) {
        if ftruncate(descriptor, off_t(size)) != 0 { throw DiskError(path: path, operation: "truncate", code: errno) }
    }

    func lock() throws(DiskError) {
        if flock(descriptor, LOCK_EX | LOCK_NB) != 0 { throw DiskError(path: path, operation: "lock", code: errno) }
    }

    func size() throws(DiskError) -> UInt64 {
        var status = stat()
        if fstat(descriptor, &status) != 0 { throw DiskError(path: path, operation: "stat", code: errno) }
        return UInt64(status.st_size)
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    static func remove(_ path: String) throws(DiskError) {
        if unlink(path) != 0, errno != ENOENT { throw DiskError(path: path, operation: "remove", code: errno) }
    }

    static func move(_ path: String, to other: String) throws(DiskError) {
        if rename(path, other) != 0 { throw DiskError(path: path, operation: "rename", code: errno) }
    }

    /// The names in a directory, which is made when it does not exist.
    static func names(in directory: String) throws(DiskError) -> [String] {
        if mkdir(directory, 0o755) != 0, errno != EEXIST {
            throw DiskError(path: directory, operation: "make", code: errno)
        }
        guard let handle = opendir(directory) else {
            throw DiskError(path: directory, operation: "list", code: errno)
        }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            names.append(
                withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                    String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
                })
        }
        return names
    }
}
