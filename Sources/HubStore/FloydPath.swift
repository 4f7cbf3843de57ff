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
// | `versions/` | while this hub is primary: RocksDB: the versions that memory has no room for (`OverflowDatabase`) |
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
    public var versions: String { path + "/versions" }

    /// Looks at an existing directory without locking or changing anything, for tools.
    public init(existing path: String) throws(FloydPathError) {
        self.path = path
        let text: String
        do {
            text = String(decoding: try DurableFile.read(path + "/FORMAT", limit: 256), as: UTF8.self)
        } catch {
            throw error.isMissing ? .foreign(path: path) : .file(error)
        }
        guard text.hasPrefix(Self.signature), let found = Int(text.dropFirst(Self.signature.count).dropLast()) else {
            throw .damagedFormat(path: path)
        }
        guard found == Self.version else { throw .unknownVersion(path: path, found: found) }
    }

    /// The hub that has the directory open: its pid, asked without locking anything. Nil when there is none, or none
    /// but this process. The lock asked after is RocksDB's own, a record lock on the file `LOCK` of a database.
    public var owner: Int32? {
        for part in [raft, state] {
            let file = Glibc.open(part + "/LOCK", O_RDONLY | O_CLOEXEC)
            guard file >= 0 else { continue }
            defer { close(file) }
            var lock = flock()
            lock.l_type = Int16(F_WRLCK)
            if fcntl(file, F_GETLK, &lock) == 0, lock.l_type != Int16(F_UNLCK) { return lock.l_pid }
        }
        return nil
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
            throw .lock(error)
        }
        if !names.contains("FORMAT") {
            do {
                try DurableFile.write(Array("\(signature)\(version)\n".utf8), to: path + "/FORMAT")
            } catch {
                throw .file(error)
            }
        }
        let directory = try FloydPath(existing: path)
        for part in [directory.raft, directory.state, directory.relay] { try makeDirectory(part) }
        return (directory, lock)
    }

    /// Makes `path` and the directories above it; takes everybody else's rights to `path` away.
    private static func makeDirectory(_ path: String) throws(FloydPathError) {
        if mkdir(path, 0o700) == 0 { return }
        if errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex {
            try makeDirectory(String(path[..<slash]))
            if mkdir(path, 0o700) == 0 { return }
        }
        guard errno == EEXIST else { throw .file(FileError(path: path)) }
        var found = stat()
        guard stat(path, &found) == 0 else { throw .file(FileError(path: path)) }
        guard found.st_mode & S_IFMT == S_IFDIR else { throw .notADirectory(path: path) }
        if found.st_mode & 0o077 != 0, chmod(path, 0o700) != 0 {
            throw .file(FileError(path: path))
        }
    }

    private static func list(_ path: String) throws(FloydPathError) -> Set<String> {
        guard let stream = opendir(path) else { throw .file(FileError(path: path)) }
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
    case notADirectory(path: String)
    case lock(LockFileError)
    case file(FileError)

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
        case .notADirectory(let path): "\(path) is not a directory"
        case .lock(let error): error.description
        case .file(let error): error.description
        }
    }
}
