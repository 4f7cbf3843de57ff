internal import Glibc
internal import Logging
internal import Synchronization

/// Where the log goes: files in `log-path`, or standard error. What cannot be written is counted and forgotten: the
/// log never stops the hub.
final class LogSink: Sendable {
    private struct State: ~Copyable {
        /// Nil: standard error.
        var file: LogFile?
        var limiter = LogLimiter()
        var lostLines = 0
    }

    private let configuration: LiveConfiguration
    private let state: Mutex<State>

    init(_ configuration: LiveConfiguration) throws(LogFileError) {
        self.configuration = configuration
        let directory = configuration.current.logPath
        var file: LogFile?
        if !directory.isEmpty { file = try LogFile(directory: directory, nowMicroseconds: unixMicroseconds()) }
        state = Mutex(State(file: file))
    }

    var logger: Logger {
        Logger(label: "pika_hub") { _ in HubLogHandler(sink: self) }
    }

    /// What is less grave is not written.
    var level: Logger.Level {
        switch configuration.current.infoLogLevel {
        case .info: .info
        case .warn: .warning
        case .error: .error
        case .fatal: .critical
        }
    }

    /// Lines that could not be written, and those that were held back because there were too many of their kind.
    var losses: (lost: Int, suppressed: Int) {
        state.withLock { ($0.lostLines, $0.limiter.suppressedCount) }
    }

    /// Messages so far, by kind.
    var messages: [String: Int] { state.withLock { $0.limiter.counts } }

    /// Opens the file by its name again.
    func reopen() {
        state.withLock { state in
            do throws(LogFileError) {
                try state.file?.open(nowMicroseconds: unixMicroseconds())
            } catch {
                state.lostLines += 1
            }
        }
    }

    /// - Parameter kind: what the rate limit counts by; nil for a message that must not be held back.
    func write(level: Logger.Level, kind: String?, message: String, metadata: [(name: String, value: String)]) {
        let configuration = configuration.current
        let limits = LogFile.Limits(
            maximumBytes: configuration.maxLogFileSizeBytes,
            maximumAgeSeconds: configuration.logFileTimeToRollSeconds, maximumCount: configuration.logFileMaxCount)
        state.withLock { state in
            let now = unixMicroseconds()
            var metadata = metadata
            if let kind {
                guard let suppressed = state.limiter.admit(kind, unixMicroseconds: now) else { return }
                if suppressed > 0 { metadata.append((name: "suppressed", value: "\(suppressed)")) }
            }
            let line = LogLine.text(unixMicroseconds: now, level: level, message: message, metadata: metadata)
            do throws(LogFileError) {
                if state.file != nil {
                    try state.file?.write(line, limits: limits, nowMicroseconds: now)
                } else if Glibc.write(STDERR_FILENO, Array(line.utf8), line.utf8.count) < 0 {
                    state.lostLines += 1
                }
            } catch {
                state.lostLines += 1
            }
        }
    }
}

/// Hands the events of swift-log to a sink.
struct HubLogHandler: LogHandler {
    var sink: LogSink
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    private var ownLevel: Logger.Level?

    init(sink: LogSink) { self.sink = sink }

    var logLevel: Logger.Level {
        get { ownLevel ?? sink.level }
        set { ownLevel = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
        if let own = event.metadata { all.merge(own) { _, new in new } }
        if let error = event.error { all["error"] = "\(error)" }
        let message = event.message.description
        let kind = Self.kind(of: message) ?? "\(event.file):\(event.line)"
        sink.write(
            level: event.level, kind: event.level == .critical ? nil : kind, message: message,
            metadata: all.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value.description) })
    }

    /// The words before the colon: `link-failed` of `link-failed: server 1 …`.
    private static func kind(of message: String) -> String? {
        guard let colon = message.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let word = message[..<colon]
        let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
        return word.utf8.allSatisfy { letters.contains($0) || $0 == UInt8(ascii: "-") } ? String(word) : nil
    }
}

/// The wall clock.
func unixMicroseconds() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int(time.tv_sec) * 1_000_000 + Int(time.tv_nsec) / 1000
}
