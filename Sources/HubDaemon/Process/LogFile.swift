internal import Glibc

/// The files of the log: `pika_hub.log`, and `pika_hub.log.1`, `.2` … from newer to older. Not for use from several
/// threads at once.
struct LogFile: ~Copyable {
    struct Limits: Hashable, Sendable {
        /// 0: no limit.
        var maximumBytes = 0
        var maximumAgeSeconds = 0
        /// Files that are kept, the current one included.
        var maximumCount = 10
    }

    private let path: String
    private var descriptor: CInt = -1
    private var bytes = 0
    private var openedMicroseconds = 0

    /// - Throws: `LogFileError` when the directory or the file cannot be made.
    init(directory: String, nowMicroseconds: Int) throws(LogFileError) {
        path = directory + "/pika_hub.log"
        try Self.make(directory)
        try open(nowMicroseconds: nowMicroseconds)
    }

    /// With those above it: the log is opened before `floyd-path` is made, which often lies beside it.
    private static func make(_ directory: String) throws(LogFileError) {
        if mkdir(directory, 0o700) == 0 { return }
        if errno == ENOENT, let slash = directory.lastIndex(of: "/"), slash != directory.startIndex {
            try make(String(directory[..<slash]))
            if mkdir(directory, 0o700) == 0 { return }
        }
        guard errno == EEXIST else { throw LogFileError(path: directory, code: errno) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Opens the file by its name again, for whoever has moved it away (SIGHUP). The age counts from here.
    mutating func open(nowMicroseconds: Int) throws(LogFileError) {
        let next = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard next >= 0 else { throw LogFileError(path: path, code: errno) }
        var found = stat()
        bytes = fstat(next, &found) == 0 ? Int(found.st_size) : 0
        if descriptor >= 0 { close(descriptor) }
        descriptor = next
        openedMicroseconds = nowMicroseconds
    }

    /// Appends a line, in a new file when the present one is too large or too old.
    mutating func write(_ line: String, limits: Limits, nowMicroseconds: Int) throws(LogFileError) {
        let text = Array(line.utf8)
        let isTooLarge = limits.maximumBytes > 0 && bytes + text.count > limits.maximumBytes
        let ageSeconds = (nowMicroseconds - openedMicroseconds) / 1_000_000
        let isTooOld = limits.maximumAgeSeconds > 0 && ageSeconds >= limits.maximumAgeSeconds
        if bytes > 0, isTooLarge || isTooOld { try roll(limits, nowMicroseconds) }
        guard Glibc.write(descriptor, text, text.count) == text.count else {
            throw LogFileError(path: path, code: errno)
        }
        bytes += text.count
    }

    private mutating func roll(_ limits: Limits, _ nowMicroseconds: Int) throws(LogFileError) {
        // The oldest, and whatever lies beyond it since the count was lowered.
        var oldest = max(1, limits.maximumCount - 1)
        while unlink("\(path).\(oldest)") == 0 { oldest += 1 }
        for number in stride(from: limits.maximumCount - 2, through: 1, by: -1) {
            rename("\(path).\(number)", "\(path).\(number + 1)")
        }
        if limits.maximumCount > 1 { rename(path, "\(path).1") } else { unlink(path) }
        try open(nowMicroseconds: nowMicroseconds)
    }
}

/// A file of the log that could not be made or written.
struct LogFileError: Error, Hashable, CustomStringConvertible {
    var path: String
    var code: Int32

    var description: String { "\(path): \(String(cString: strerror(code)))" }
}
