/// The Castagnoli checksum of 32 bits (RFC 3720, appendix B.4), by table.
public enum CRC32C {
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
    }

    public static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
        table.withUnsafeBufferPointer { table in
            ~bytes.reduce(0xFFFF_FFFF as UInt32) { crc, byte in
                crc >> 8 ^ table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)]
            }
        }
    }
}
