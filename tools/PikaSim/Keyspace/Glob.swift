/// Whether `text` matches `pattern` in the manner of KEYS: `*`, `?`, `[abc]`, `[^a]`, `[a-z]` and `\` before any of
/// them.
func matches(_ text: ArraySlice<UInt8>, pattern: ArraySlice<UInt8>) -> Bool {
    guard let first = pattern.first else { return text.isEmpty }
    let rest = pattern.dropFirst()
    switch first {
    case UInt8(ascii: "*"):
        if rest.isEmpty { return true }
        return (text.startIndex...text.endIndex).contains { matches(text[$0...], pattern: rest) }
    case UInt8(ascii: "?"):
        return !text.isEmpty && matches(text.dropFirst(), pattern: rest)
    case UInt8(ascii: "["):
        guard let byte = text.first, let end = rest.firstIndex(of: UInt8(ascii: "]")) else { return false }
        return isMember(byte, of: rest[..<end]) && matches(text.dropFirst(), pattern: rest[(end + 1)...])
    case UInt8(ascii: "\\") where !rest.isEmpty:
        return text.first == rest.first && matches(text.dropFirst(), pattern: rest.dropFirst())
    default:
        return text.first == first && matches(text.dropFirst(), pattern: rest)
    }
}

private func isMember(_ byte: UInt8, of set: ArraySlice<UInt8>) -> Bool {
    let inverted = set.first == UInt8(ascii: "^")
    var rest = inverted ? set.dropFirst() : set
    var found = false
    while let low = rest.popFirst() {
        if rest.first == UInt8(ascii: "-"), let high = rest.dropFirst().first {
            found = found || (min(low, high)...max(low, high)).contains(byte)
            rest = rest.dropFirst(2)
        } else {
            found = found || low == byte
        }
    }
    return found != inverted
}
