/// Where processes of a test run, and the address at which they listen there.
struct Place: Sendable {
    var host = "127.0.0.1"
    /// A network namespace of its own; nil: that of the test.
    var namespace: String?
    /// The namespace from which a test connects to what runs here; nil: its own.
    var clientNamespace: String?

    /// The machine's loopback.
    static let here = Place()
}
