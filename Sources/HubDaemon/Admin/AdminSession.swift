internal import HubStore

/// What the admin port knows of one connection. Pure: time comes in, and what it decides goes out as properties.
struct AdminSession: Hashable, Sendable {
    struct Route: Hashable, Sendable {
        var source: ServerID
        var destination: ServerID
    }

    let id: Int
    /// Where the client is.
    let host: String
    let port: Int
    var version = RESPVersion.two
    var isAuthenticated = false
    /// Wrong passwords in a row.
    var failedLogins = 0
    /// What CLIENT SETNAME and SETINFO told.
    var name = ""
    var libraryName = ""
    var libraryVersion = ""
    var lastCommand = ""
    /// The route that it watches, until it sends anything.
    var watched: Route?
    /// The connection is closed once the reply is written.
    var closesAfterReply = false

    init(id: Int, host: String, port: Int) {
        self.id = id
        self.host = host
        self.port = port
    }

    /// Compares `password` with the one that is configured. An earlier success stays valid (as in the original).
    ///
    /// - Returns: the error's text; nil on success.
    mutating func logIn(_ password: [UInt8], required: String) -> String? {
        guard !required.isEmpty else { return "ERR Client sent AUTH, but no password set" }
        guard isEqualInConstantTime(password, Array(required.utf8)) else {
            failedLogins += 1
            return "ERR invalid password"
        }
        failedLogins = 0
        isAuthenticated = true
        return nil
    }
}

/// Takes a time that depends on the lengths only.
func isEqualInConstantTime(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    var difference = left.count ^ right.count
    for index in 0..<max(left.count, right.count) {
        let leftByte = index < left.count ? left[index] : 0
        let rightByte = index < right.count ? right[index] : 0
        difference |= Int(leftByte ^ rightByte)
    }
    return difference == 0
}

extension AdminSession {
    /// The client's `ip:port`.
    var address: Address { Address(host: host, port: port) }
}
