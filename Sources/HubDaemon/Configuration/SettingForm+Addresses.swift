internal import HubStore

extension SettingForm<[Address]> {
    static let addresses = SettingForm(expected: "ip:port, comma separated") { text throws(MalformedValue) in
        try readItems(text) { item throws(MalformedValue) in
            guard let address = parseAddress(item) else {
                throw MalformedValue(found: item, expected: "ip:port, with a port from 1 to 65535")
            }
            return address
        } check: { addresses in
            duplicates(addresses).map { .init(found: "\($0)", expected: "every address once") }
        }
    } show: { addresses, _ in
        addresses.map(\.description).joined(separator: ",")
    }
}

extension SettingForm<[String]> {
    /// Separated by commas or spaces, as in redis.conf.
    static let hosts = SettingForm(expected: "ip addresses or host names, or *") { text throws(MalformedValue) in
        if text == "*" { return [] }
        return try readItems(text.split { $0 == "," || $0 == " " }.joined(separator: ",")) {
            item throws(MalformedValue) in
            guard let host = parseHost(item) else {
                throw MalformedValue(found: item, expected: "an ip address or a host name")
            }
            return host
        } check: { hosts in
            duplicates(hosts).map { .init(found: $0, expected: "every address once") }
        }
    } show: { hosts, _ in
        hosts.isEmpty ? "*" : hosts.joined(separator: ",")
    }
}

extension SettingForm<[ServerDescription]> {
    /// `ip:port:server-id` or `ip:port:server-id:password`; the password may contain colons, but no comma.
    static let servers = SettingForm(expected: "ip:port:server-id[:password], comma separated") {
        text throws(MalformedValue) in
        var followsPassword = false
        return try readItems(text) { item throws(MalformedValue) in
            // What follows a password and has no colon is more likely the rest of a password with a comma.
            if followsPassword, !item.contains(":") { return try readServer(item, shown: "***") }
            let shown = maskPassword(item)
            followsPassword = shown != item
            return try readServer(item, shown: shown)
        } check: { servers in
            duplicates(servers.map(\.id)).map { .init(found: "server-id \($0)", expected: "every server-id once") }
                + duplicates(servers.map(\.address)).map { .init(found: "\($0)", expected: "every address once") }
        }
    } show: { servers, showSecrets in
        servers.map { server in
            let password = showSecrets ? server.password : "***"
            return "\(server.address):\(server.id)" + (server.password.isEmpty ? "" : ":\(password)")
        }.joined(separator: ",")
    }

    private static func readServer(_ item: String, shown: String) throws(MalformedValue) -> ServerDescription {
        guard let (host, rest) = splitHost(item), let host = parseHost(host) else {
            throw MalformedValue(found: shown, expected: "ip:port:server-id[:password]")
        }
        let fields = rest.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard fields.count >= 2 else {
            throw MalformedValue(found: shown, expected: "ip:port:server-id[:password]")
        }
        guard let port = parsePort(fields[0]), port <= Address.maximumPikaPort else {
            throw MalformedValue(
                found: shown,
                expected: "a port from 1 to \(Address.maximumPikaPort) (the hub also dials the port 1100 above it)")
        }
        guard let id = parseServerID(fields[1]) else {
            throw MalformedValue(found: shown, expected: "a server-id from 1 to \(UInt32.max)")
        }
        let password = fields.count > 2 ? String(fields[2]) : ""
        return ServerDescription(id: id, address: Address(host: host, port: port), password: password)
    }

    private static func maskPassword(_ item: String) -> String {
        guard let (host, rest) = splitHost(item) else { return item }
        let fields = rest.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        return fields.count > 2 ? "\(host):\(fields[0]):\(fields[1]):***" : item
    }
}

/// `ip:port`.
func parseAddress(_ text: String) -> Address? {
    guard let (host, rest) = splitHost(text), let host = parseHost(host), let port = parsePort(rest) else { return nil }
    return Address(host: host, port: port)
}

/// A positive 32-bit decimal number.
func parseServerID(_ text: some StringProtocol) -> ServerID? {
    guard text.allSatisfy({ $0.isASCII && $0.isNumber }), let number = UInt32(text), number > 0 else { return nil }
    return ServerID(number)
}

/// A decimal number from 1 to 65535.
func parsePort(_ text: some StringProtocol) -> Int? {
    guard text.allSatisfy({ $0.isASCII && $0.isNumber }), let port = Int(text), (1...65535).contains(port) else {
        return nil
    }
    return port
}

/// A host name, an IPv4 address, or an IPv6 address with or without brackets; returned without them.
func parseHost(_ text: some StringProtocol) -> String? {
    var host = String(text)
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    guard !host.isEmpty, host.utf8.count <= 255 else { return nil }
    let isIPv6 = host.contains(":")
    let allowed = host.allSatisfy { character in
        guard character.isASCII else { return false }
        if isIPv6, let zone = host.firstIndex(of: "%"), host[zone...].contains(character) { return character != " " }
        return isIPv6
            ? character.isHexDigit || character == ":" || character == "."
            : character.isLetter || character.isNumber || "._-".contains(character)
    }
    return allowed ? host : nil
}

/// The host in front of the first colon, or in brackets, and what follows the colon after it.
private func splitHost(_ item: String) -> (host: String, rest: String)? {
    if item.hasPrefix("[") {
        guard let end = item.firstIndex(of: "]") else { return nil }
        let rest = item[item.index(after: end)...]
        guard rest.hasPrefix(":") else { return nil }
        return (String(item[...end]), String(rest.dropFirst()))
    }
    guard let colon = item.firstIndex(of: ":") else { return nil }
    return (String(item[..<colon]), String(item[item.index(after: colon)...]))
}

/// Reads comma separated items; collects what is wrong with any of them, then with all together.
private func readItems<Item>(
    _ text: String, _ read: (String) throws(MalformedValue) -> Item, check: ([Item]) -> [MalformedValue.Part]
) throws(MalformedValue) -> [Item] {
    if text.isEmpty { return [] }
    var items: [Item] = []
    var wrong: [MalformedValue.Part] = []
    for item in text.split(separator: ",", omittingEmptySubsequences: false) {
        do throws(MalformedValue) {
            items.append(try read(String(item).trimmingSpaces))
        } catch {
            wrong += error.parts
        }
    }
    wrong += check(items)
    guard wrong.isEmpty else { throw MalformedValue(wrong) }
    return items
}

private func duplicates<Item: Hashable>(_ items: [Item]) -> [Item] {
    var seen: Set<Item> = []
    return items.filter { !seen.insert($0).inserted }
}

extension StringProtocol {
    /// Without the spaces, tabs and carriage returns at both ends.
    var trimmingSpaces: String {
        let isSpace: (Unicode.Scalar) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" }
        let scalars = unicodeScalars.drop(while: isSpace)
        guard let last = scalars.lastIndex(where: { !isSpace($0) }) else { return "" }
        return String(String.UnicodeScalarView(scalars[...last]))
    }
}
