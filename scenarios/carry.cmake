# cmake -DROOT=DIR -DOUTPUT=FILE -P carry.cmake: writes carried_files.cc, which holds all scenario files of the library
# and the museum.
file(GLOB files RELATIVE ${ROOT} ${ROOT}/scenarios/library/*.json ${ROOT}/scenarios/museum/*.json)
list(SORT files)
set(arrays "")
set(table "")
set(number 0)
foreach(file IN LISTS files)
  file(READ ${ROOT}/${file} bytes HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(APPEND arrays "constexpr unsigned char k${number}[] = {${bytes}};\n")
  string(APPEND table
    "    {\"${file}\", {reinterpret_cast<const char*>(k${number}), sizeof(k${number})}},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUTPUT}
  "// Made by carry.cmake.\n#include \"scenarios/catalogue.h\"\n\nnamespace scenarios {\nnamespace {\n${arrays}}\n"
  "std::span<const CarriedFile> CarriedFiles() {\n  static const std::vector<CarriedFile> kFiles = {\n${table}  };\n"
  "  return kFiles;\n}\n}  // namespace scenarios\n")
