import Foundation

/// A real Pika 2.3 in place of `pika_sim`, where the variable `PIKA` names its program (CONTRIBUTING, "Against a real
/// Pika"). It opens ports besides the one that it is told, on all addresses, so such a run belongs into a network
/// namespace of its own.
enum RealPika {
    static let executable = ProcessInfo.processInfo.environment["PIKA"].map { URL(filePath: $0) }

    /// Writes the configuration file of a server.
    /// - Parameter options: of a `pika_sim`: `--name value`. Those that a Pika has too mean the same to it.
    static func configure(
        port: Int, id: Int, password: String, options: [String], data: URL
    ) throws -> URL {
        try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
        var settings = [
            "port": "\(port)", "server-id": "\(id)", "requirepass": password, "network-interface": "lo",
            "thread-num": "2", "sync-thread-num": "4", "write-buffer-size": "4194304", "maxclients": "1000",
            "binlog-file-size": "104857600", "expire-logs-nums": "1000", "expire-logs-days": "7",
            "root-connection-num": "2", "timeout": "60", "slave-read-only": "0", "daemonize": "no",
            "pidfile": "\(data.path)/pid", "loglevel": "info",
        ]
        for (name, folder) in [
            ("log-path", "log"), ("db-path", "db"), ("dump-path", "dump"), ("db-sync-path", "dbsync"),
        ] { settings[name] = "\(data.path)/\(folder)/" }
        for pair in stride(from: 0, to: options.count - 1, by: 2) {
            let name = String(options[pair].dropFirst(2))
            if settings[name] != nil { settings[name] = options[pair + 1] }
        }
        let file = data.appending(path: "pika.conf")
        let lines = settings.sorted { $0.key < $1.key }.map { "\($0.key) : \($0.value)\n" }
        try Data(lines.joined().utf8).write(to: file)
        return file
    }
}
