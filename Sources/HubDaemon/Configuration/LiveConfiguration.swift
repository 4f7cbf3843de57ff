internal import HubStore
internal import Synchronization

/// The configuration in use. Whoever uses a setting that `CONFIG SET` may change reads it here each time.
final class LiveConfiguration: Sendable {
    /// The file that it came from.
    let file: String
    private let value: Mutex<Configuration>

    init(_ configuration: Configuration, file: String) {
        value = Mutex(configuration)
        self.file = file
    }

    var current: Configuration { value.withLock { $0 } }

    /// Changes all of the settings or, when one cannot be changed so, none.
    ///
    /// - Returns: what is wrong; nil when they were changed.
    func set(_ pairs: [(key: String, text: String)]) -> String? {
        value.withLock { configuration in
            var next = configuration
            for (key, text) in pairs {
                guard let setting = Setting.named(key.lowercased()) else { return "unknown setting '\(key)'" }
                guard setting.isLive else {
                    return "\(setting.key) cannot be changed while the hub runs; change \(file) and restart it"
                }
                do throws(MalformedValue) {
                    try setting.read(text, &next)
                } catch {
                    return "\(setting.key): expected \(error.parts.first?.expected ?? setting.expected)"
                }
            }
            if let finding = next.findings().first(where: \.isError) {
                return "\(finding.key): expected \(finding.expected)"
            }
            configuration = next
            return nil
        }
    }

    /// Brings the file in line with the settings in use and with the servers of the group and its hubs' Raft addresses.
    func rewrite(servers: [ServerDescription], hubs: [Address]) throws(ConfigurationFileError) {
        let next = value.withLock { configuration in
            configuration.pikaServers = servers
            configuration.floydServers = hubs
            return configuration
        }
        try next.rewrite(file)
    }
}
