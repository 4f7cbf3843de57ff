internal import Glibc

/// A file that holds the pid of the process that has it locked; the lock ends with the process, however it ends, so
/// a file that was left behind is never in the way.
public final class LockFile: Sendable {
    public let path: String
    private let descriptor: CInt

    /// Makes the file if need be, locks it and writes this process's pid into it.
    ///
    /// - Throws: `.held` with the owner's pid; `.foreign` when the file holds something else than a pid, which is
    ///   then left alone.
    public init(path: String) throws(LockFileError) {
        while true {
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard descriptor >= 0 else { throw .file(FileError(path: path)) }
            do throws(LockFileError) {
                let isCurrent = try Self.take(descriptor, path)
                if isCurrent {
                    self.path = path
                    self.descriptor = descriptor
                    return
                }
            } catch {
                close(descriptor)
                throw error
            }
            close(descriptor)  // its owner removed it between our opening and our locking it
        }
    }

    deinit { close(descriptor) }

    /// Removes the file while it is still locked, so that nobody else's is removed.
    public func remove() { unlink(path) }

    private static func take(_ descriptor: CInt, _ path: String) throws(LockFileError) -> Bool {
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            if errno == EWOULDBLOCK { throw .held(path: path, pid: content(descriptor).pid) }
            throw .file(FileError(path: path))
        }
        var locked = stat()
        var named = stat()
        guard fstat(descriptor, &locked) == 0, stat(path, &named) == 0, locked.st_ino == named.st_ino else {
            return false
        }
        let (pid, isEmpty) = content(descriptor)
        guard isEmpty || pid != nil else { throw .foreign(path: path) }
        let text = Array("\(getpid())\n".utf8)
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, text, text.count, 0) == text.count else {
            throw .file(FileError(path: path))
        }
        return true
    }

    private static func content(_ descriptor: CInt) -> (pid: Int32?, isEmpty: Bool) {
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        return (Int32(text.trimmingPrefix { $0 == " " }.prefix { $0.isNumber }), count == 0)
    }
}

public enum LockFileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Another process has it; its pid, if it has written it already.
    case held(path: String, pid: Int32?)
    /// The file holds something else than a pid.
    case foreign(path: String)
    case file(FileError)

    public var description: String {
        switch self {
        case .held(let path, let pid):
            "\(path) is locked by another process\(pid.map { ", pid \($0)" } ?? "")"
        case .foreign(let path): "\(path) exists and doesn't hold a pid"
        case .file(let error): error.description
        }
    }
}
