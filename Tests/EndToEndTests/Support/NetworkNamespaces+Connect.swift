import Foundation

extension NetworkNamespaces {
    /// A TCP connection from within a namespace.
    ///
    /// A socket belongs for good to the namespace in which its thread was when it was made. The thread is there for
    /// nothing else and comes back at once: a thread or a process that it began meanwhile would stay there.
    static func connect(to host: String, _ port: Int, from namespace: String) throws -> CInt {
        let connection = try make(in: namespace) { socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0) }
        // Bounds connect(2) too (socket(7)).
        var limit = timeval(tv_sec: 3, tv_usec: 0)
        setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr(host)
        let status = withUnsafeBytes(of: &address) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) {
                Foundation.connect(connection, $0.baseAddress, socklen_t(bytes.count))
            }
        }
        guard status == 0 else {
            let failure = failure("connect to \(host):\(port)")
            close(connection)
            throw failure
        }
        return connection
    }

    private static func make(in namespace: String, _ make: () -> CInt) throws -> CInt {
        // Swift's Glibc lacks it.
        guard let symbol = dlsym(nil, "setns") else { throw failure("setns") }
        let setns = unsafeBitCast(symbol, to: (@convention(c) (CInt, CInt) -> CInt).self)
        let onlyNetwork: CInt = 0x4000_0000
        let home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
        defer { close(home) }
        let away = open("/run/netns/\(namespace)", O_RDONLY | O_CLOEXEC)
        defer { close(away) }
        guard home >= 0, setns(away, onlyNetwork) == 0 else { throw failure("namespace \(namespace)") }
        let made = make()
        guard setns(home, onlyNetwork) == 0 else { fatalError("a thread cannot leave namespace \(namespace)") }
        guard made >= 0 else { throw failure("socket") }
        return made
    }

    private static func failure(_ what: String) -> NeverHappened {
        NeverHappened(description: "\(what): \(String(cString: strerror(errno)))")
    }
}
