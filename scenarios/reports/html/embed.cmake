# cmake -DSOURCE=DIR -DOUTPUT=FILE -P embed.cmake: writes html_source.cc, which holds the files of DIR.
set(text "// Made by embed.cmake.\n#include \"scenarios/reports/html_source.h\"\n\nnamespace scenarios::html_source {\n")
foreach(pair IN ITEMS "Page report.html" "Style report.css" "JournalScript journal.js"
    "TimelineScript timeline.js" "ReportScript report.js")
  string(REPLACE " " ";" pair ${pair})
  list(GET pair 0 name)
  list(GET pair 1 file)
  file(READ ${SOURCE}/${file} bytes HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(APPEND text
    "namespace {\nconstexpr unsigned char k${name}[] = {${bytes}};\n}\n"
    "std::string_view ${name}() {\n"
    "  return {reinterpret_cast<const char*>(k${name}), sizeof(k${name})};\n}\n")
endforeach()
string(APPEND text "}  // namespace scenarios::html_source\n")
file(WRITE ${OUTPUT} "${text}")
