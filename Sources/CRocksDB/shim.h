#include <malloc.h>
#include <rocksdb/c.h>
