internal import Glibc

// floyd-path/, mode 0700:
//
// | name | holds |
// |---|---|
// | `FORMAT` | the text `pika_hub floyd-path 1\n`: the version of this layout |
// | `LOCK` | locked by the hub that uses the directory, and its pid |
// | `raft/` | RocksDB: hard state, entries, snapshot metadata |
// | `state/` | RocksDB: the replicated state and its applied index (`StateStore`) |
// | `relay/` | records that some destination has not acknowledged yet |
//
// Valid: `FORMAT` says a known version. A directory without it is taken over only when it is empty, which a crash
// between making the directory and writing `FORMAT` can leave (`LOCK` and `FORMAT.new` may be there then).

/// A hub's working directory.
public struct FloydPath: Hashable, Sendable {
    /// The newest layout that this version reads and writes.
    public static let version = 1
    private static let signature = "pika_hub floyd-path "

    public let path: String
    public var raft: String { path + "/raft" }
    public var state: String { path + "/state" }
    public var relay: String { path + "/relay" }

    /// Looks at an existing directory without locking or changing anything, for tools.
    public init(existing path: String) throws(FloydPathError) {
        self.path = path
        guard let text = readText(path + "/FORMAT") else {
            throw errno == ENOENT ? .foreign(path: path) : .inputOutput(path: path + "/FORMAT", text: lastSystemError())
        }
        guard text.hasPrefix(Self.signature), let found = Int(text.dropFirst(Self.signature.count).dropLast()) else {
            throw .damagedFormat(path: path)
        }
        guard found == Self.version else { throw .unknownVersion(path: path, found: found) }
    }

    /// Makes the directory if need be, checks it, and locks it for as long as the lock file lives.
    public static func open(_ path: String) throws(FloydPathError) -> (directory: FloydPath, lock: LockFile) {
        try makeDirectory(path)
        let names = try list(path)
        if !names.contains("FORMAT"), !names.subtracting(["LOCK", "FORMAT.new"]).isEmpty {
            throw .foreign(path: path)
        }
        let lock: LockFile
        do {
            lock = try LockFile(path: path + "/LOCK")
        } catch .held(_, let pid) {
            throw .inUse(path: path, pid: pid)
        } catch {
            throw .inputOutput(path: path, text: error.description)
        }
        if !names.contains("FORMAT") { try writeFormat(path) }
        let directory = try FloydPath(existing: path)
        for part in [directory.raft, directory.state, directory.relay] { try makeDirectory(part) }
        return (directory, lock)
    }

    /// Durable, and whole or not there at all.
    private static func writeFormat(_ path: String) throws(FloydPathError) {
        let text = Array("\(signature)\(version)\n".utf8)
        let file = Glibc.open(path + "/FORMAT.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        let written = file >= 0 && Glibc.write(file, text, text.count) == text.count && fsync(file) == 0
        let reason = lastSystemError()
        if file >= 0 { close(file) }
        guard written, rename(path + "/FORMAT.new", path + "/FORMAT") == 0 else {
            throw .inputOutput(path: path + "/FORMAT", text: written ? lastSystemError() : reason)
        }
        let directory = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { if directory >= 0 { close(directory) } }
        guard directory >= 0, fsync(directory) == 0 else { throw .inputOutput(path: path, text: lastSystemError()) }
    }

    /// Makes `path` and the directories above it; takes everybody else's rights to `path` away.
    private static func makeDirectory(_ path: String) throws(FloydPathError) {
        if mkdir(path, 0o700) == 0 { return }
        if errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex {
            try makeDirectory(String(path[..<slash]))
            if mkdir(path, 0o700) == 0 { return }
        }
        guard errno == EEXIST else { throw .inputOutput(path: path, text: lastSystemError()) }
        var found = stat()
        guard stat(path, &found) == 0 else { throw .inputOutput(path: path, text: lastSystemError()) }
        guard found.st_mode & S_IFMT == S_IFDIR else { throw .inputOutput(path: path, text: "not a directory") }
        if found.st_mode & 0o077 != 0, chmod(path, 0o700) != 0 {
            throw .inputOutput(path: path, text: lastSystemError())
        }
    }

    private static func list(_ path: String) throws(FloydPathError) -> Set<String> {
        guard let stream = opendir(path) else { throw .inputOutput(path: path, text: lastSystemError()) }
        defer { closedir(stream) }
        var names: Set<String> = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.insert(name) }
        }
        return names
    }
}

public enum FloydPathError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The directory holds something, and not a hub's data.
    case foreign(path: String)
    case damagedFormat(path: String)
    case unknownVersion(path: String, found: Int)
    case inUse(path: String, pid: Int32?)
    case inputOutput(path: String, text: String)

    public var description: String {
        switch self {
        case .foreign(let path):
            "\(path) is not a floyd-path of this hub: it has no FORMAT file and is not empty."
                + " (The directory of an original pika_hub cannot be read; give floyd-path a new one.)"
        case .damagedFormat(let path): "\(path)/FORMAT is damaged: expected 'pika_hub floyd-path \(FloydPath.version)'"
        case .unknownVersion(let path, let found):
            "\(path) has the layout version \(found); this hub knows only version \(FloydPath.version)"
        case .inUse(let path, let pid):
            "\(path) is in use by another hub\(pid.map { ", pid \($0)" } ?? "")"
        case .inputOutput(let path, let text): "\(path): \(text)"
        }
    }
}

/// The text of a small file; nil with `errno` set when it cannot be read.
private func readText(_ path: String) -> String? {
    let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = read(file, &bytes, bytes.count)
    return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
}
