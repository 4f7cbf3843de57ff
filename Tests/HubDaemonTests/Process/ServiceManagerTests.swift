import Foundation
import Testing

@testable import HubDaemon

@Suite struct ServiceManagerTests {
    @Test func systemdIsTold() throws {
        try withTemporaryDirectory { path in
            let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            defer { close(descriptor) }
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            let name = path + "/notify"
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name.utf8) }
            let bound = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            #expect(bound == 0)
            #expect(ServiceManager.notify(.ready, socketPath: name))
            var bytes = [UInt8](repeating: 0, count: 64)
            let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
            #expect(String(decoding: bytes.prefix(max(0, count)), as: UTF8.self) == "READY=1")
        }
    }

    @Test func nobodyIsToldWithoutASocket() {
        #expect(ServiceManager.notify(.ready, socketPath: nil))
        #expect(!ServiceManager.notify(.ready, socketPath: "/nonexistent/notify"))
        #expect(!ServiceManager.notify(.ready, socketPath: String(repeating: "x", count: 200)))
    }
}
