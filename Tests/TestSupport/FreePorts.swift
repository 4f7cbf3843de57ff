import Foundation
import Synchronization

/// Ports on 127.0.0.1 that nobody uses and that no other test of this process was given. They lie below the range from
/// which the system takes ports for outgoing connections, so that a server can be restarted on its own.
package enum FreePorts {
    private static let given = Mutex<Set<Int>>([])

    /// - Parameter distance: a second port that has to be free too: P + 1100 for a Pika, S + 1000 for a hub.
    package static func reserve(withOneAt distance: Int = 0) -> Int {
        while true {
            let port = Int.random(in: 10000..<31000)
            let ports: Set<Int> = [port, port + distance]
            let isMine = given.withLock { given in
                guard given.isDisjoint(with: ports) else { return false }
                given.formUnion(ports)
                return true
            }
            if isMine, ports.allSatisfy(isFree) { return port }
        }
    }

    private static func isFree(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return withUnsafeBytes(of: &address) { bytes in
            let status = bytes.withMemoryRebound(to: sockaddr.self) {
                bind(descriptor, $0.baseAddress, socklen_t(bytes.count))
            }
            return status == 0
        }
    }
}
