internal import Glibc

/// As ctime(3): `Sun Nov 22 15:00:19 2026`, local time.
func localTime(unixSeconds: Int) -> String {
    var time = time_t(unixSeconds)
    var parts = tm()
    localtime_r(&time, &parts)
    var text = [CChar](repeating: 0, count: 64)
    let count = strftime(&text, text.count, "%a %b %e %H:%M:%S %Y", &parts)
    return String(decoding: text.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
}

/// A number with a fixed count of decimal places.
func fixed(_ number: Double, places: Int) -> String {
    var scale = 1
    for _ in 0..<places { scale *= 10 }
    let bounded = min(max(number, 0), 1e12)
    let scaled = Int((bounded * Double(scale)).rounded())
    let fraction = String(scaled % scale)
    return "\(scaled / scale)." + String(repeating: "0", count: places - fraction.count) + fraction
}
