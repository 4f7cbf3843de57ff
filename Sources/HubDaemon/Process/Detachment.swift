internal import Glibc

/// `daemonize : yes`. The process starts itself once more, in a session of its own and without the caller's standard
/// streams, and waits until that copy says how its start went. A new process and not a fork: nothing that threads
/// held at that moment is left behind in it.
///
/// The report is what the copy writes to a pipe: `started`, or why it could not start. The pipe's end without
/// either means that it died.
enum Detachment {
    /// The descriptor on which the copy reports. It is told of it in its arguments.
    private static let reportDescriptor: CInt = 3
    private static let started = "started"
    /// glibc's POSIX_SPAWN_SETSID, which the module map doesn't export.
    private static let spawnInNewSession: CShort = 0x80

    /// Starts a detached copy with `arguments`, and waits for its report.
    ///
    /// - Parameter reportOption: the option before the descriptor's number.
    /// - Returns: why the copy could not start; nil when it runs.
    static func start(arguments: [String], reportOption: String) -> String? {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { return "pipe: \(systemError(errno))" }
        keepDescriptorsFromCopy()
        defer { close(ends[0]) }
        let copy = spawn(arguments + [reportOption, "\(reportDescriptor)"], reporting: ends[1])
        close(ends[1])
        switch copy {
        case .failure(let error): return "posix_spawn: \(systemError(error.code))"
        case .success(let pid):
            let report = readAll(ends[0])
            if report == started { return nil }
            var status: CInt = 0
            waitpid(pid, &status, 0)
            return report.isEmpty ? "the background process ended before it had started; see its log" : report
        }
    }

    /// Tells whoever waits in `start`, and lets go of the pipe. Without a descriptor nobody waits.
    static func report(_ failure: String?, to descriptor: CInt?) {
        guard let descriptor else { return }
        let text = Array((failure ?? started).utf8)
        _ = write(descriptor, text, text.count)
        close(descriptor)
    }

    private struct SpawnError: Error { var code: Int32 }

    private static func spawn(_ arguments: [String], reporting end: CInt) -> Result<pid_t, SpawnError> {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for stream in STDIN_FILENO...STDERR_FILENO {
            posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_RDWR, 0)
        }
        posix_spawn_file_actions_adddup2(&actions, end, reportDescriptor)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, spawnInNewSession)

        let words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, "/proc/self/exe", &actions, &attributes, words, environ)
        return code == 0 ? .success(pid) : .failure(SpawnError(code: code))
    }

    /// Everything that the caller left open, such as a pipe whose end it waits for, would stay open in the copy.
    private static func keepDescriptorsFromCopy() {
        guard let directory = opendir("/proc/self/fd") else { return }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let descriptor = CInt(name), descriptor > STDERR_FILENO { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        }
    }

    private static func readAll(_ descriptor: CInt) -> String {
        var all: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(descriptor, &part, part.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return String(decoding: all, as: UTF8.self) }
            all += part.prefix(count)
        }
    }

    private static func systemError(_ code: Int32) -> String { String(cString: strerror(code)) }
}
