/// What this build calls itself.
enum HubVersion {
    static let current = "2.0.0"
    /// The package manager passes no revision on; packagers may set one here.
    static let gitRevision = "unknown"
}
