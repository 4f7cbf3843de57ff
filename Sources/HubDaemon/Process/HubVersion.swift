internal import Synchronization

/// What this build calls itself.
enum HubVersion {
    static let current = "2.0.0"
    /// The commit that was built; only the executable knows it, so that no other module is built anew for it.
    static var gitRevision: String { revision.withLock { $0 } }

    fileprivate static let revision = Mutex("unknown")
}

extension PikaHubCommand {
    /// Tells which commit was built, for INFO.
    public static func built(from revision: String) { HubVersion.revision.withLock { $0 = revision } }
}
